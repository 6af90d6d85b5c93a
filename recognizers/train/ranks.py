"""Several processes that learn together, one a GPU: torch's own launcher starts them, its DistributedDataParallel
joins their gradients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from recognizers.errors import DataError
from recognizers.train.plan import TrainingPlan
from recognizers.train.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Ranks:
    """Which of how many processes this is."""

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """The one that writes, judges and tells."""
        return self.rank == 0

    def seed(self, recipe: Recipe) -> tuple[int, ...]:
        """Each process draws other clips; the first draws those of a training that is alone."""
        return (recipe.seed, self.rank) if self.rank else (recipe.seed,)

    def shared(self, plan: TrainingPlan) -> TrainingPlan:
        """A plan with this process's share of each batch.

        Raises:
            DataError: the batch cannot be shared out evenly, or there is nothing to share.
        """
        recipe = plan.recipe
        if self.count == 1:
            return plan
        if recipe.cached:
            raise DataError("recipe.cached: a head learns in seconds from what was seen; start one process only")
        if recipe.batch % self.count:
            raise DataError(f"recipe.batch is {recipe.batch}; it must be a multiple of the {self.count} processes")
        return replace(plan, recipe=replace(recipe, batch=recipe.batch // self.count))

    def together(self, network: nn.Module) -> nn.Module:
        """What learns from the gradients of all processes, and on GPUs from the statistics of whole batches."""
        if self.count == 1:
            return network
        if next(network.parameters()).is_cuda:
            network = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        return DistributedDataParallel(network)

    def wait(self) -> None:
        """Until all processes are here."""
        if self.count > 1:
            distributed.barrier()


@contextmanager
def launched(recipe: Recipe) -> Iterator[Ranks]:
    """Alone, or one of those that `torchrun` started: over NCCL where each has a GPU, else over Gloo."""
    if not distributed.is_torchelastic_launched():
        yield Ranks()
        return
    # DistributedDataParallel imports it, and its functions hold fast what the group is then: the group
    # would outlive its end, and its threads the interpreter.
    import_module("torch.distributed.nn.functional")

    if recipe.on.type == "cuda":
        torch.cuda.set_device(distributed.get_node_local_rank())
    distributed.init_process_group("nccl" if recipe.on.type == "cuda" else "gloo")
    try:
        yield Ranks(distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()


def is_first() -> bool:
    """Whether this process is alone, or the first of those that `torchrun` started."""
    return not distributed.is_torchelastic_launched() or distributed.get_node_local_rank() == 0
