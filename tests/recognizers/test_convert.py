"""Official checkpoints: every tensor at its place, or every misfit by its name; no code of a file is run."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from recognizers.build import build_recognizer
from recognizers.card import Abstain, read_card
from recognizers.checkpoint import load
from recognizers.convert import OFFICIAL, About, convert, from_official
from recognizers.errors import CheckpointMismatch
from recognizers.families import network_of
from recognizers.layouts import WEIGHT_LAYOUTS, renamed, slowfast_layers
from recognizers.models.slowfast import PUBLISHED, SlowFast, SlowFastSize
from streamer.cli import main
from tests.recognizers import reference
from tests.recognizers.networks import LABELS, TINY, randomise

NAMES: dict[str, Callable[[str, Sequence[int]], str]] = {
    "pyslowfast": lambda name, _: name,
    "pytorchvideo": lambda name, _: reference.pytorchvideo(name),
    "caffe2": reference.caffe2,
}
"""From PySlowFast's names to a layout's, in a network of such depths."""


def official(layout: str = "pyslowfast", classes: int = len(LABELS), size: SlowFastSize = TINY) -> dict[str, Tensor]:
    """A checkpoint's weights as that layout has them, random."""
    shapes = reference.shapes(size.width, size.beta_inv, size.depths, size.fusion_kernel, classes)
    state = randomise({name: torch.empty(shape) for name, shape in shapes.items()}, seed=1)
    return {
        NAMES[layout](name, size.depths): tensor for name, tensor in state.items() if layout in COUNTING or counts(name)
    }


COUNTING = ("pyslowfast", "pytorchvideo")
"""Layouts that say how many batches a norm has seen."""


def counts(name: str) -> bool:
    return not name.endswith("num_batches_tracked")


def write(path: Path, state: object, wrapped: bool = True) -> Path:
    """As PySlowFast and the PyTorchVideo hub do, or bare."""
    torch.save({"epoch": 3, "model_state": state, "cfg": "MODEL: {}"} if wrapped else state, path)
    return path


def write_caffe2(path: Path, state: dict[str, Tensor], protocol: int = 2) -> Path:
    """As caffe2 does, with what it keeps for training; a vector is an axis short."""
    blobs: dict[str, Any] = {name: tensor.numpy() for name, tensor in state.items()}
    blobs |= {"conv1_w_momentum": np.ones((2, 3), np.float32), "lr": np.array([0.1]), "model_iter": np.array([7])}
    path.write_bytes(pickle.dumps({"blobs": blobs}, protocol))
    return path


def pictures(size: SlowFastSize, side: int) -> Tensor:
    return torch.randn(2, 3, size.frames, side, side, generator=torch.Generator().manual_seed(2))


WRITERS: dict[str, Callable[[Path], Path]] = {
    "pyslowfast": lambda path: write(path, official("pyslowfast")),
    "pytorchvideo": lambda path: write(path, official("pytorchvideo")),
    "bare": lambda path: write(path, official("pyslowfast"), wrapped=False),
    "caffe2": lambda path: write_caffe2(path, official("caffe2")),
    "caffe2, protocol 0": lambda path: write_caffe2(path, official("caffe2"), 0),
    "caffe2, protocol 5": lambda path: write_caffe2(path, official("caffe2"), 5),
    "before archives": lambda path: write_before_archives(path, official("pyslowfast")),
}


def write_before_archives(path: Path, state: dict[str, Tensor]) -> Path:
    torch.save(state, path, _use_new_zipfile_serialization=False)
    return path


@pytest.mark.parametrize("writer", WRITERS)
def test_a_converted_network_answers_as_the_reference(tmp_path: Path, writer: str) -> None:
    source = WRITERS[writer](tmp_path / "official.pyth")
    convert(source, tmp_path / "ours.safetensors", TINY, About(LABELS, "idle"))
    shown = pictures(TINY, 32)

    with torch.no_grad():
        answer = network_of(*load(tmp_path / "ours.safetensors"), "ours")(shown)

    torch.testing.assert_close(answer, reference.logits(official(), shown, TINY.alpha, TINY.depths))


@pytest.mark.parametrize("side", [65, 256])
def test_at_odd_sides_and_beyond_224_pixels_too(side: int) -> None:
    """At 256 pixels the head sees 8×8 positions: four windows."""
    size = SlowFastSize(frames=4, alpha=2, beta_inv=2, width=4, depths=(1, 1, 1, 1), fusion_kernel=3)
    network = SlowFast(size, 3).eval()
    network.load_state_dict(from_official(official(size=size), size, 3, "official"))
    shown = pictures(size, side)

    with torch.no_grad():
        torch.testing.assert_close(network(shown), reference.logits(official(size=size), shown, 2, size.depths))


@pytest.mark.parametrize("layout", WEIGHT_LAYOUTS)
def test_every_tensor_comes_to_the_place_of_its_name(layout: str) -> None:
    numbered = {name: torch.full_like(tensor, n) for n, (name, tensor) in enumerate(official(layout).items())}
    ours = from_official(numbered, TINY, len(LABELS), "official")

    theirs = renamed(ours, slowfast_layers(TINY.depths), layout)

    assert {theirs[name]: tensor.unique().item() for name, tensor in ours.items() if name in theirs} == {
        name: n for n, name in enumerate(numbered)
    }
    assert not any(tensor.any() for name, tensor in ours.items() if name not in theirs)


@pytest.mark.parametrize("layout", WEIGHT_LAYOUTS)
@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_networks_have_exactly_the_official_keys(name: str, layout: str) -> None:
    size = PUBLISHED[name]()
    with torch.device("meta"):
        ours = SlowFast(size, 400).state_dict()
    shapes = reference.shapes(64, 8, size.depths, size.fusion_kernel, 400)

    given = {
        theirs: tuple(ours[key].shape) for key, theirs in renamed(ours, slowfast_layers(size.depths), layout).items()
    }

    assert given == {
        NAMES[layout](key, size.depths): shape for key, shape in shapes.items() if layout in COUNTING or counts(key)
    }


@pytest.mark.parametrize("layout", WEIGHT_LAYOUTS)
def test_every_missing_unknown_and_misshapen_key_is_named(layout: str) -> None:
    state = official(layout)
    keys = list(state)
    missing, misshapen, unknown = keys[:7], keys[7:14], [f"{key}.ema" for key in keys[:7]]
    for key in missing:
        state[f"{key}.ema"] = state.pop(key)
    for key in misshapen:
        state[key] = torch.zeros(1, 2)

    with pytest.raises(CheckpointMismatch) as refused:
        from_official(state, TINY, len(LABELS), "official.pyth")

    problems = str(refused.value).splitlines()[1:]
    assert f"no {layout} checkpoint" in str(refused.value)
    assert [line for line in problems if line.startswith("missing")] == [f"missing {key}" for key in missing]
    assert [line for line in problems if line.startswith("unknown")] == [f"unknown {key}" for key in unknown]
    assert [line.split()[0] for line in problems[14:]] == misshapen


def test_another_size_or_number_of_labels_is_refused() -> None:
    with pytest.raises(CheckpointMismatch, match=r"s1_fuse\.conv_f2s\.weight is \(4, 2, 5, 1, 1\) where .* 7, 1, 1"):
        from_official(official(), SlowFastSize(8, 4, 4, 8, TINY.depths, fusion_kernel=7), len(LABELS), "official")
    with pytest.raises(CheckpointMismatch, match=r"head\.projection\.bias is \(3,\) where the network has \(5,\)"):
        from_official(official(), TINY, 5, "official")


def test_a_background_that_is_no_label_is_added_and_never_wins(tmp_path: Path) -> None:
    source = write(tmp_path / "official.pyth", official())
    card = convert(source, tmp_path / "ours.safetensors", TINY, About(LABELS, "none"))
    shown = pictures(TINY, 32)

    with torch.no_grad():
        scores = network_of(*load(tmp_path / "ours.safetensors"), "ours")(shown).softmax(1)

    plain = reference.logits(official(), shown, TINY.alpha, TINY.depths).softmax(1)
    assert (card.labels, card.background) == ((*LABELS, "none"), "none")
    torch.testing.assert_close(scores, torch.cat([plain, torch.zeros(2, 1)], dim=1))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("slow_stem.conv.weight", "conv1_w"),
        ("slow_stem.norm.running_var", "res_conv1_bn_riv"),
        ("fast_stem.norm.weight", "t_res_conv1_bn_s"),
        ("laterals.0.conv.weight", "t_pool1_subsample_w"),
        ("laterals.0.norm.bias", "t_pool1_subsample_bn_b"),
        ("laterals.3.conv.weight", "t_res4_5_branch2c_bn_subsample_w"),
        ("laterals.3.norm.running_mean", "t_res4_5_branch2c_bn_subsample_bn_rm"),
        ("slow_stages.0.0.projection.weight", "res2_0_branch1_w"),
        ("slow_stages.0.0.projection_norm.weight", "res2_0_branch1_bn_s"),
        ("slow_stages.2.4.norm_c.bias", "res4_4_branch2c_bn_b"),
        ("fast_stages.3.2.conv_a.weight", "t_res5_2_branch2a_w"),
        ("head.weight", "pred_w"),
        ("head.bias", "pred_b"),
    ],
)
def test_caffe2_calls_it(ours: str, theirs: str) -> None:
    assert renamed([ours], slowfast_layers((3, 4, 6, 3)), "caffe2") == {ours: theirs}


def test_axes_of_length_1_that_caffe2_leaves_out_are_put_back() -> None:
    flat = {name: tensor.squeeze() for name, tensor in official("caffe2").items()}
    flat = {name: tensor if tensor.dim() else tensor[None] for name, tensor in flat.items()}
    narrow = {name for name, tensor in official("caffe2").items() if tensor.shape[2:] == (1, 1, 1)}
    kept = {name: flat[name] if name in narrow else tensor for name, tensor in official("caffe2").items()}
    assert kept["res2_0_branch2c_w"].dim() == 2

    ours, wanted = (from_official(one, TINY, len(LABELS), "official") for one in (kept, official("caffe2")))

    assert all(torch.equal(ours[name], wanted[name]) for name in wanted)


def test_a_network_that_saw_blue_first_takes_red_first(tmp_path: Path) -> None:
    source = write_caffe2(tmp_path / "official.pkl", official("caffe2"))
    convert(source, tmp_path / "ours.safetensors", TINY, About(LABELS, "idle", bgr=True))
    shown = pictures(TINY, 32)

    with torch.no_grad():
        answer = network_of(*load(tmp_path / "ours.safetensors"), "ours")(shown)

    torch.testing.assert_close(answer, reference.logits(official(), shown.flip(1), TINY.alpha, TINY.depths))


@pytest.mark.parametrize("layout", [*WEIGHT_LAYOUTS, "pytorchvideo, two parts"])
def test_a_network_that_says_what_people_do_becomes_one_of_ours(tmp_path: Path, layout: str) -> None:
    state = official(layout.partition(",")[0])
    if layout.endswith("two parts"):
        state = {
            "detection_head." + name.removeprefix("blocks.6.") if name.startswith("blocks.6.") else f"model.{name}": one
            for name, one in state.items()
        }
    writes = write_caffe2 if layout == "caffe2" else write
    source = writes(tmp_path / "official", state)
    convert(source, tmp_path / "ours.safetensors", TINY, About(LABELS, "idle", actors=True))

    card, tensors = load(tmp_path / "ours.safetensors")
    ours = network_of(card, tensors, "ours")
    assert (card.kind, card.multilabel, card.network["dilated"]) == ("slowfast_actors", True, True)
    wanted = from_official(official(), TINY, len(LABELS), "official")
    assert all(torch.equal(ours.state_dict()[f"trunk.{name}"], wanted[name]) for name in wanted if counts(name))


def test_what_is_known_of_a_file_is_on_the_card(tmp_path: Path) -> None:
    source = write(tmp_path / "official.pyth", official())
    about = About(LABELS, "none", "Apache-2.0", multilabel=True, abstain=Abstain("energy", 3.0))
    card = convert(source, tmp_path / "ours.safetensors", TINY, about)

    assert read_card(tmp_path / "ours.safetensors") == card
    assert (card.licence, card.multilabel, card.abstain) == ("Apache-2.0", True, Abstain("energy", 3.0))
    assert card.trained == {"converted_from": "official.pyth"}


class Canary:
    """Leaves a file behind when a pickle of it is read without care."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_runs_code_is_refused_and_runs_none(tmp_path: Path, protocol: int) -> None:
    canary = tmp_path / "canary"
    plain, saved = tmp_path / "plain.pkl", tmp_path / "saved.pyth"
    plain.write_bytes(pickle.dumps({"model_state": Canary(canary)}, protocol))
    torch.save({"model_state": Canary(canary)}, saved, pickle_protocol=max(protocol, 2))

    for source in (plain, saved):
        with pytest.raises(CheckpointMismatch, match="cannot be read safely"):
            convert(source, tmp_path / "ours.safetensors", TINY, About(LABELS, "idle"))

    assert not canary.exists()
    assert not (tmp_path / "ours.safetensors").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cannot be read safely"),
        (b"no network at all", "cannot be read safely"),
        (b"PK\x03\x04 cut short", "cannot be read safely"),
        ([1, 2, 3], "holds no weights"),
        (pickle.dumps({"blobs": {"conv1_w": "text"}}), "blobs that are no weights: conv1_w"),
        (pickle.dumps({"blobs": {"some_w": np.zeros(2)}}), "unknown some_w"),
        (pickle.dumps(np.zeros(3)), "holds no weights"),
        ({"model_state": {"s1": "not a tensor"}}, "holds no weights"),
        ({"model_state": {"some.weight": torch.zeros(2)}}, "unknown some.weight"),
        (
            {"model_state": {**official(), "head.projection.bias": torch.tensor([0, 1, torch.nan])}},
            "not finite in head",
        ),
    ],
)
def test_what_holds_no_such_network_is_refused_with_a_reason(tmp_path: Path, content: object, said: str) -> None:
    source = tmp_path / "file.pyth"
    if isinstance(content, bytes):
        source.write_bytes(content)
    else:
        torch.save(content, source)

    with pytest.raises(CheckpointMismatch, match=said):
        convert(source, tmp_path / "ours.safetensors", TINY, About(LABELS, "idle"))


def test_a_missing_file_and_a_folder_are_refused_with_a_reason(tmp_path: Path) -> None:
    for source, said in ((tmp_path / "nowhere", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(CheckpointMismatch, match=said):
            convert(source, tmp_path / "ours.safetensors", TINY, About(LABELS, "idle"))


def run(folder: Path, size: str) -> int:
    """`takt models convert`, of `official.pyth` and `labels.txt`."""
    files = [str(folder / "official.pyth"), str(folder / "ours"), "--labels", str(folder / "labels.txt")]
    about = ["--background", "none", "--licence", "Apache-2.0", "--abstain-below", "5.5", "--multilabel", "--bgr"]
    return main(["models", "convert", *files, "--size", size, *about, "--json"])


@pytest.mark.parametrize("name", ["tiny", pytest.param("r50_8x8", marks=pytest.mark.full)])
def test_the_command_makes_a_recognizer_of_an_official_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    sizes = {**OFFICIAL["slowfast"].sizes, "tiny": (lambda: TINY, 2 / 30, 256)}
    monkeypatch.setitem(OFFICIAL, "slowfast", replace(OFFICIAL["slowfast"], sizes=sizes))
    size = sizes[name][0]()
    write(tmp_path / "official.pyth", official("pytorchvideo", 400, size))
    (tmp_path / "labels.txt").write_text("".join(f"action {n}\n" for n in range(400)))

    code = run(tmp_path, name)

    said = f'{{"checkpoint":"{tmp_path / "ours"}","kind":"slowfast","labels":401}}\n'
    assert (code, capsys.readouterr().out) == (0, said)
    recognizer = build_recognizer("slowfast", tmp_path / "ours", {})
    assert (recognizer.labels[399:], recognizer.spec.frames) == (("action 399", "none"), size.frames)
    card = read_card(tmp_path / "ours")
    assert (card.licence, card.abstain, card.multilabel) == ("Apache-2.0", Abstain("max_logit", 5.5), True)


@pytest.mark.parametrize(
    ("labels", "size", "said"),
    [
        ("pick\n\nplace\n", "r50_8x8", "labels.txt:2: '' is empty or came before"),
        ("pick\nplace\npick\n", "r50_8x8", "labels.txt:3: 'pick' is empty or came before"),
        ("", "r50_8x8", "labels.txt:1: '' is empty"),
        (None, "r50_8x8", "No such file"),
        ("pick\n", "r18", "no such network; there are r50_4x16, r50_8x8, r101_8x8"),
        ("pick\n", "r50_8x8", "official.pyth: No such file"),
    ],
)
def test_the_command_says_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], labels: str | None, size: str, said: str
) -> None:
    if labels is not None:
        (tmp_path / "labels.txt").write_text(labels)

    assert run(tmp_path, size) == 1
    assert said in capsys.readouterr().err
