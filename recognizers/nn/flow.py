"""Flow fields as a network sees them: per time step, whatever a camera lost, and within limits."""

from __future__ import annotations

import torch
from torch import Tensor


def repeats(pictures: Tensor) -> Tensor:
    """`(N, T, …)` → `(N, T - 1)`: which pictures are the one before once more, as where a camera lost some."""
    return (pictures[:, 1:] == pictures[:, :-1]).flatten(2).all(dim=2)


def per_step(fields: Tensor, repeated: Tensor) -> Tensor:
    """Fields `(N, S, C, H, W)` from picture to picture → from time step to time step.

    What moved while a picture stood for several steps is shared among these steps: without that, a lost picture would
    look like a halt and a leap. After the last new picture nothing is known to move.
    """
    steps = fields.shape[1]
    # The step at the end of which the next new picture came; `steps` where none came.
    place = torch.arange(steps, device=fields.device).expand_as(repeated)
    next_new = place.masked_fill(repeated, steps).flip(1).cummin(dim=1).values.flip(1)
    sharing = (next_new[:, :, None] == next_new[:, None, :]).sum(dim=2)
    padded = torch.cat((fields, torch.zeros_like(fields[:, :1])), dim=1)
    rows = torch.arange(len(fields), device=fields.device)[:, None]
    shared: Tensor = padded[rows, next_new] / sharing.to(fields.dtype)[..., None, None, None]
    return shared
