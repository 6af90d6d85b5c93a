"""What a network costs: parameters, multiplications, time."""

from __future__ import annotations

import time
from statistics import median

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

_TIMES = 50


def cost(network: nn.Module, clip: Tensor) -> dict[str, float]:
    """Parameters, GMAC and milliseconds (median, one thread) of one decision over `clip`, a batch of one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    took = []
    with torch.inference_mode():
        for _ in range(_TIMES):
            began = time.perf_counter()
            network(clip)
            took.append(time.perf_counter() - began)
    # The counter sees what attention is made of only where it is made of products of matrices.
    with (
        torch.no_grad(),
        torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH),
        FlopCounterMode(display=False) as counter,
    ):
        network(clip)
    torch.set_num_threads(threads)
    return {
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "gmac": counter.get_total_flops() / 2e9,
        "ms": 1e3 * median(took),
    }
