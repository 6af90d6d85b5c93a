"""Laws of what a training begins with, and of which part of a network learns."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from recognizers.card import Card
from recognizers.checkpoint import load, save
from recognizers.data.synthetic import LABELS
from recognizers.errors import CheckpointMismatch, DataError
from recognizers.families import FAMILIES
from recognizers.models.clip_resnet import SLOW_ONLY
from recognizers.models.crnn import CrnnSize
from recognizers.models.x3d import X3dSize
from recognizers.nn.network import Parted
from recognizers.train.begin import begun
from recognizers.train.build import training_plan
from recognizers.train.cached import CachedLessons
from recognizers.train.loop import train
from recognizers.train.parts import freeze_looking, set_learning
from streamer.settings.training import TrainingSettings
from tests.recognizers.skeletons import tiny as tiny_san
from tests.recognizers.train.tiny import RECIPE, SLOWFAST, quiet, tiny_plan

CRNN = CrnnSize(frames=4, width=8, depths=(1, 1), hidden=8)
PARTED = {
    "slowfast": SLOWFAST,
    "slow_only": replace(SLOW_ONLY["small"](), frames=4, width=8),
    "x3d": X3dSize(frames=4, depths=(1, 1, 1, 1), head=16),
    "crnn": CRNN,
    "single_frame": CRNN,
    "san": tiny_san(segments=2),
}


def inputs_of(kind: str, size: object) -> torch.Tensor:
    if kind == "san":
        return torch.randn(2, size.coordinates + 1, size.frames, 17, size.persons)  # type: ignore[attr-defined]
    return torch.randn(2, 3, 4, 32, 32)


def write_earlier(
    folder: Path, kind: str = "slowfast", size: object = SLOWFAST, labels: tuple[str, ...] = ("none", "sit", "stand")
) -> tuple[Path, Card]:
    """A checkpoint of a network that knows other labels."""
    torch.manual_seed(8)
    network = FAMILIES[kind].network(size, len(labels))
    spec = tiny_plan(folder).spec
    card = Card(kind, labels, labels[0], spec, 32, (0.45,) * 3, (0.225,) * 3, asdict(size))  # type: ignore[call-overload]
    path = folder / "earlier.safetensors"
    save(path, card, network.state_dict())
    return path, card


@pytest.mark.parametrize("kind", PARTED)
def test_what_decides_sees_nothing_but_what_was_looked_at(kind: str) -> None:
    size = PARTED[kind]
    network, inputs = FAMILIES[kind].network(size, 3).eval(), inputs_of(kind, size)
    assert isinstance(network, Parted)

    features = network.look(inputs)

    assert len(features) == 2
    torch.testing.assert_close(network.decide(features), network(inputs))
    named = {id(one) for name in network.DECIDING for one in network.get_submodule(name).parameters()}
    network.decide(features.detach()).sum().backward()
    assert {id(one) for one in network.parameters() if one.grad is not None} == named


def test_a_head_for_other_labels_is_made_anew_and_that_is_said(tmp_path: Path) -> None:
    path, _ = write_earlier(tmp_path)
    said: list[str] = []
    plan = replace(tiny_plan(tmp_path), begin=path)

    network = begun(plan, LABELS, said.append)

    taken = load(path)[1]
    for name, tensor in network.state_dict().items():
        assert (name in taken and torch.equal(tensor, taken[name])) == (not name.startswith("head.")), name
    assert network.state_dict()["head.weight"].shape[0] == len(LABELS)
    assert len(said) == 1
    assert "sit, stand" in said[0]
    assert "its head is made anew" in said[0]


def test_a_head_for_the_same_labels_is_kept(tmp_path: Path) -> None:
    path, card = write_earlier(tmp_path)
    said: list[str] = []
    network = begun(replace(tiny_plan(tmp_path), begin=path), card.labels, said.append)
    assert all(torch.equal(tensor, load(path)[1][name]) for name, tensor in network.state_dict().items())
    assert "head is kept" in said[0]


def test_a_checkpoint_says_which_network_is_trained_on(tmp_path: Path) -> None:
    path, card = write_earlier(tmp_path)
    told = {"out": str(tmp_path / "next.safetensors"), "begin": str(path), "data": {"work_cell": {}}}
    plan = training_plan(TrainingSettings.model_validate(told).model_dump())
    assert (plan.kind, plan.size, plan.spec, plan.crop_px, plan.begin) == ("slowfast", SLOWFAST, card.spec, 32, path)
    with pytest.raises(ValueError, match="leave network out"):
        TrainingSettings.model_validate({**told, "network": {"kind": "slowfast"}})


def test_a_checkpoint_of_another_normalisation_is_refused(tmp_path: Path) -> None:
    path, card = write_earlier(tmp_path)
    save(path, replace(card, mean=(0.5, 0.5, 0.5)), load(path)[1])
    told = {"out": "next.safetensors", "begin": str(path), "data": {"work_cell": {}}}
    with pytest.raises(CheckpointMismatch, match="begin with another checkpoint"):
        training_plan(TrainingSettings.model_validate(told).model_dump())


def test_what_looks_stays_as_it_began_where_only_the_head_learns(tmp_path: Path) -> None:
    path, _ = write_earlier(tmp_path)
    plan = replace(tiny_plan(tmp_path, replace(RECIPE, head_only=True)), begin=path)

    train(plan, quiet, lambda _: None)

    before, after = load(path)[1], load(plan.out)[1]
    changed = {name for name, tensor in after.items() if not torch.equal(tensor, _halved(before[name]))}
    assert changed == {"head.weight", "head.bias"}


def test_a_head_learns_from_what_was_seen_before_as_the_whole_network_would_answer(tmp_path: Path) -> None:
    path, _ = write_earlier(tmp_path)
    recipe = replace(RECIPE, steps=30, head_only=True, cached=12, rate=0.05, looks=3)
    plan, ticks = replace(tiny_plan(tmp_path, recipe), begin=path), []

    def tick(what: str, done: int, of: int) -> None:
        ticks.append((what, done, of))

    losses: list[float] = []
    card = train(plan, tick, lambda progress: losses.append(progress.loss))

    assert [one for one in ticks if one[0] == "looking at clips"][-1] == ("looking at clips", 12, 12)
    assert np.mean(losses[-5:]) < np.mean(losses[:5])
    before, after = load(path)[1], load(plan.out)[1]
    changed = {name for name, tensor in after.items() if not torch.equal(tensor, _halved(before[name]))}
    assert changed == {"head.weight", "head.bias"}
    network = FAMILIES["slowfast"].network(SLOWFAST, len(card.labels))
    network.load_state_dict({name: tensor.float() for name, tensor in after.items()})
    whole = plan.lessons(quiet).judged(network.eval(), "held_out")
    right = float((whole.logits.argmax(1) == torch.from_numpy(whole.truth)).float().mean())
    assert card.trained["held_out"]["top1"] == pytest.approx(right, abs=0.02)


def test_judging_what_was_seen_is_judging_the_clips(tmp_path: Path) -> None:
    plan = tiny_plan(tmp_path, replace(RECIPE, cached=3))
    lessons = plan.lessons(quiet)
    torch.manual_seed(1)
    network = FAMILIES["slowfast"].network(SLOWFAST, len(lessons.labels)).eval()
    cached = CachedLessons(lessons, network, plan.recipe, quiet)
    for _ in range(2):
        one, other = (some.judged(network, "held_out") for some in (cached, lessons))
        torch.testing.assert_close(one.logits, other.logits)
        assert (one.truth == other.truth).all()
        torch.nn.init.normal_(network.head.weight)  # type: ignore[arg-type]
    inputs, truth = cached.batch(np.random.default_rng(2))
    assert inputs.shape == (3, network.head.in_features)  # type: ignore[union-attr]
    assert truth.shape == (3, len(lessons.labels))


def test_all_learns_after_the_head_and_more_slowly(tmp_path: Path) -> None:
    path, _ = write_earlier(tmp_path)
    recipe = replace(RECIPE, steps=4, head_first=0.5, body_rate=0.0, weight_decay=0.0)
    still, moving = (
        replace(tiny_plan(tmp_path, replace(recipe, body_rate=rate)), begin=path, out=tmp_path / f"{rate}.safetensors")
        for rate in (0.0, 0.5)
    )
    for plan in (still, moving):
        train(plan, quiet, lambda _: None)
    before = load(path)[1]
    weights = {name for name in before if name.endswith("weight") and not name.startswith("head.")}
    assert all(torch.equal(load(still.out)[1][name], _halved(before[name])) for name in weights)
    assert not any(torch.equal(load(moving.out)[1][name], _halved(before[name])) for name in weights if "conv" in name)


def test_frozen_means_no_gradient_and_no_new_statistics() -> None:
    network = FAMILIES["slowfast"].network(SLOWFAST, 3)
    frozen = freeze_looking(network)
    set_learning(network, head_only=True)
    assert [name for name, one in network.named_parameters() if one.requires_grad] == ["head.weight", "head.bias"]
    assert {name for name, module in network.named_modules() if module.training} == {"head", "dropout"}
    assert len(frozen) == len(list(network.parameters())) - 2


def test_a_head_on_what_knows_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="knows nothing yet; give begin"):
        begun(tiny_plan(tmp_path, replace(RECIPE, head_only=True)), LABELS, lambda _: None)


def test_a_network_without_parts_cannot_learn_in_part(tmp_path: Path) -> None:
    plan = replace(tiny_plan(tmp_path, replace(RECIPE, head_first=0.5)), kind="slowfast_actors")
    with pytest.raises(DataError, match="leave head_only and head_first out"):
        begun(plan, LABELS, lambda _: None)


@pytest.mark.parametrize(
    ("recipe", "says"),
    [({"cached": 5}, "head_only: true"), ({"head_only": True, "head_first": 0.2}, "one of them"),
     ({"mirrored": {"a": "b"}}, "flip: true")],
)  # fmt: skip
def test_a_recipe_that_does_not_go_together_is_a_mistake_in_the_file(recipe: dict[str, object], says: str) -> None:
    told = {"out": "x.safetensors", "data": {"work_cell": {}}, "recipe": recipe}
    with pytest.raises(ValueError, match=says):
        TrainingSettings.model_validate(told)


def _halved(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.half() if tensor.is_floating_point() else tensor
