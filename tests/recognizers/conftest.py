"""One thread a test process: several of torch's threads wait for each other where the cores are shared."""

import torch

torch.set_num_threads(1)
