"""What a training needs of a machine's memory at the very least, reckoned before anything is read or allocated."""

from __future__ import annotations

import os
import resource

import torch

from recognizers.errors import DataError
from recognizers.families import FAMILIES
from recognizers.nn.skeletons import LAYOUTS, SkeletonSize
from recognizers.train.plan import TrainingPlan

_FLOAT = 4
"""Bytes of a number in float32."""
_COPIES = 5
"""Of every weight: itself, its gradient, AdamW's two moments, and the mean that is kept."""
_LABELS = 2


def check_demand(plan: TrainingPlan) -> None:
    """Hold one batch as the network sees it, and the network's weights, against the memory there is. What lies between
    the network's layers comes on top, many times as much: whatever is refused could never run.

    Raises:
        DataError: they do not fit, or are no network; says which numbers to make smaller.
    """
    here = memory()
    if (batch := batch_bytes(plan)) > here:
        size = plan.size
        raise DataError(
            f"a batch of {plan.recipe.batch} clips of {size.frames} pictures takes {_gib(batch)} as the network sees "
            f"it, and this machine has {_gib(here)} of memory; make recipe.batch, the number frames or crop_px smaller"
        )
    if (weights := weight_bytes(plan)) > here:
        raise DataError(
            f"the network has {weights // (_FLOAT * _COPIES):,} weights, which take {_gib(weights)} as they learn, and "
            f"this machine has {_gib(here)} of memory; make network.numbers smaller"
        )


def memory() -> int:
    """Bytes of this machine that this process may have."""
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    allowed, _ = resource.getrlimit(resource.RLIMIT_AS)
    return physical if allowed == resource.RLIM_INFINITY else min(physical, allowed)


def batch_bytes(plan: TrainingPlan) -> int:
    """Of a batch's inputs in float32."""
    size = plan.size
    if isinstance(size, SkeletonSize):
        numbers = (size.coordinates + 1) * len(LAYOUTS[size.layout].joints) * size.persons
    else:
        numbers = 3 * plan.crop_px**2
    return plan.recipe.batch * size.frames * numbers * _FLOAT


def weight_bytes(plan: TrainingPlan) -> int:
    """Of a network while it learns; it is made without any memory for that."""
    try:
        with torch.device("meta"):
            network = FAMILIES[plan.kind].network(plan.size, _LABELS)
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(f"network: its numbers make no {plan.kind} ({error})") from error
    return sum(weight.numel() for weight in network.parameters()) * _FLOAT * _COPIES


def _gib(count: int) -> str:
    return f"{count / 2**30:,.1f} GiB"
