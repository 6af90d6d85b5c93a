"""Laws of how weights are moved, and of which are kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from recognizers.checkpoint import load
from recognizers.errors import DataError
from recognizers.train.augment import mixed
from recognizers.train.best import calibrated_loss, share_right
from recognizers.train.loop import train
from recognizers.train.optimiser import average, optimiser_of, rate_share, set_rate, stepped
from recognizers.train.prefetch import batches
from recognizers.train.recipe import Recipe
from recognizers.train.validate import Answers
from recognizers.train.watched import Progress
from tests.recognizers.train.tiny import RECIPE, quiet, tiny_plan

NO_SCALER = torch.amp.GradScaler("cpu", enabled=False)


class Two(nn.Module):
    """A body and a head of one weight and one bias each."""

    DECIDING = ("head",)

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.Linear(1, 1), nn.Linear(1, 1)

    def look(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.body(inputs)  # type: ignore[no-any-return]

    def decide(self, features: torch.Tensor) -> torch.Tensor:
        return self.head(features)  # type: ignore[no-any-return]

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.decide(self.look(inputs))


def test_the_rate_rises_over_the_share_of_the_steps_that_is_asked_for() -> None:
    shares = [rate_share(step, 100, 0.3) for step in range(100)]
    assert shares[:30] == pytest.approx(np.arange(1, 31) / 30)
    assert shares[30:] == sorted(shares[30:], reverse=True)


@pytest.mark.parametrize(("optimiser", "of"), [("adamw", torch.optim.AdamW), ("sgd", torch.optim.SGD)])
def test_what_looks_moves_at_its_share_of_the_rate_and_biases_do_not_decay(
    optimiser: str, of: type[torch.optim.Optimizer]
) -> None:
    network = Two()
    recipe = Recipe(steps=1, weight_decay=0.3, body_rate=0.1, optimiser=optimiser)  # type: ignore[arg-type]
    made = optimiser_of(network, recipe)
    set_rate(made, 0.5)

    told = {id(one): (group["lr"], group["weight_decay"]) for group in made.param_groups for one in group["params"]}

    assert isinstance(made, of)
    assert told[id(network.head.weight)] == (0.5, 0.3)
    assert told[id(network.head.bias)] == (0.5, 0.0)
    assert told[id(network.body.weight)] == (0.05, 0.3)
    assert told[id(network.body.bias)] == (0.05, 0.0)


def test_a_step_of_sgd_goes_against_the_gradient_which_is_never_longer_than_5() -> None:
    weight = nn.Parameter(torch.tensor([1.0, 2.0]))
    optimiser = torch.optim.SGD([weight], lr=0.1)
    assert float(stepped((weight * torch.tensor([30.0, 40.0])).sum(), [weight], optimiser, NO_SCALER)) == 50
    torch.testing.assert_close(weight.detach(), torch.tensor([1 - 0.3, 2 - 0.4]))


def test_what_does_not_learn_is_not_averaged_either() -> None:
    mean, network = Two(), Two()
    network.body.requires_grad_(False)
    before = mean.body.weight.clone(), mean.head.weight.clone()
    average(mean, network, 0.75)
    assert torch.equal(mean.body.weight, before[0])
    torch.testing.assert_close(mean.head.weight.detach(), (0.75 * before[1] + 0.25 * network.head.weight).detach())


def test_mixup_ends_with_the_last_tenth() -> None:
    recipe = Recipe(steps=20, mixup=0.4)
    assert [recipe.mixup_of(step) for step in (0, 17, 18, 19)] == [0.4, 0.4, 0.0, 0.0]


class Numbered:
    """Lessons whose batches are what chance says."""

    def batch(self, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.from_numpy(rng.random((2, 3), np.float32)), torch.eye(2)


@pytest.mark.parametrize("workers", [1, 3])
def test_batches_come_in_order_and_are_the_same_whoever_prepares_them(workers: int) -> None:
    recipe = Recipe(steps=7, mixup=0.3, workers=workers)
    some = list(batches(Numbered(), recipe, 2, (5,)))  # type: ignore[arg-type]
    assert [one.step for one in some] == [2, 3, 4, 5, 6]
    rng = np.random.default_rng((5, 4))
    inputs, truth = mixed(*Numbered().batch(rng), 0.3, rng)
    assert torch.equal(some[2].inputs, inputs)  # type: ignore[arg-type]
    assert torch.equal(some[2].truth, truth)


def test_the_best_look_is_kept_and_not_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    losses = iter([3.0, 1.0, 2.0])
    monkeypatch.setattr("recognizers.train.best.calibrated_loss", lambda _: next(losses))
    seen: list[float | None] = []
    plan = tiny_plan(tmp_path, replace(RECIPE, steps=6, looks=3, average=0.0))
    shorter = replace(plan, out=tmp_path / "shorter.safetensors", recipe=replace(plan.recipe, looks=1))
    best: dict[str, torch.Tensor] = {}

    def told(progress: Progress) -> None:
        seen.append(progress.best)
        if progress.step == 4:
            best.update(load(plan.best_path)[1])

    card = train(plan, quiet, told)

    assert seen == [None, None, 3.0, 3.0, 1.0, 1.0]
    assert card.trained["step"] == 4
    kept = load(plan.out)[1]
    weights = [name for name in kept if "running" not in name and "num_batches" not in name]
    assert all(torch.equal(kept[name], best[name]) for name in weights)
    assert not plan.best_path.exists()
    train(shorter, quiet, lambda _: None)
    assert not all(torch.equal(kept[name], load(shorter.out)[1][name]) for name in weights)


def test_a_look_counts_how_likely_the_truth_is_not_how_loud_it_is_said() -> None:
    logits = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.5, 0.0], [1.0, 0.0]])
    truth = np.array([0, 1, 0, 1])
    quiet_one, loud = calibrated_loss(Answers(logits, truth)), calibrated_loss(Answers(logits * 4, truth))
    assert quiet_one == pytest.approx(loud, abs=1e-3)
    assert share_right(Answers(logits, truth)) == 0.75
    several = np.array([[1, 1], [0, 1], [0, 1], [1, 0]], np.float32)
    assert share_right(Answers(logits, several)) == 0.75


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("precision", ["auto", "bfloat16", "float16"])
def test_half_precision_learns_and_what_comes_out_is_as_any_other(precision: str, tmp_path: Path) -> None:
    recipe = replace(RECIPE, steps=30, precision=precision, device="cuda", looks=3, workers=4)  # type: ignore[arg-type]
    losses: list[float] = []
    train(tiny_plan(tmp_path, recipe), quiet, lambda progress: losses.append(progress.loss))
    assert np.isfinite(losses).all()
    assert np.mean(losses[-5:]) < np.mean(losses[:5])
    assert all(tensor.isfinite().all() for tensor in load(tmp_path / "out.safetensors")[1].values())


def test_half_precision_on_a_cpu_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="bfloat16 is for GPUs; leave it out"):
        train(tiny_plan(tmp_path, replace(RECIPE, precision="bfloat16")), quiet, lambda _: None)
