"""Checkpoints: what was saved is what is loaded; everything else is refused with what to do."""

from __future__ import annotations

import json
import pickle
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor

from recognizers.card import CARD, MEASURES, Abstain, Card, read_card
from recognizers.checkpoint import load, save, with_card
from recognizers.clip import ClipSpec
from recognizers.errors import CheckpointMismatch
from tests.recognizers.networks import card

WEIGHTS = {"head.weight": torch.tensor([[1.0, -2.0]]), "steps": torch.tensor(7)}

share = st.floats(0.01, 1)
words = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=9)
plain = st.one_of(st.integers(), share, words)
whole = st.one_of(st.integers(), words)


@st.composite
def cards(draw: st.DrawFn) -> Card:
    labels = tuple(draw(st.lists(words, min_size=1, max_size=5, unique=True)))
    background = draw(st.sampled_from(labels))
    actions = [label for label in labels if label != background]
    return Card(
        kind=draw(words),
        labels=labels,
        background=background,
        spec=ClipSpec(draw(st.integers(1, 64)), draw(share), draw(share), draw(st.integers(1, 512))),
        crop_px=draw(st.integers(1, 512)),
        mean=draw(st.tuples(share, share, share)),
        std=draw(st.tuples(share, share, share)),
        network=draw(st.dictionaries(words, whole | st.tuples(whole, whole))) | {"dropout": draw(share)},
        temperature=draw(share),
        abstain=draw(st.none() | st.builds(Abstain, st.sampled_from(MEASURES), share)),
        thresholds=draw(st.dictionaries(st.sampled_from(actions), share)) if actions else {},
        licence=draw(st.text(max_size=9)),
        trained=draw(st.dictionaries(words, plain | st.lists(plain))),
    )


@st.composite
def weights(draw: st.DrawFn) -> dict[str, Tensor]:
    def tensor() -> Tensor:
        shape = draw(st.lists(st.integers(0, 3), max_size=4))
        kind = draw(st.sampled_from([torch.float32, torch.float16, torch.int64]))
        return torch.randint(-99, 99, shape, generator=torch.Generator().manual_seed(draw(st.integers(0, 9)))).to(kind)

    return {name: tensor() for name in draw(st.lists(words.filter(lambda word: word != "__metadata__"), unique=True))}


@given(cards(), weights())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_what_was_saved_is_what_is_loaded(tmp_path: Path, written: Card, tensors: dict[str, Tensor]) -> None:
    path = tmp_path / "net.safetensors"
    save(path, written, tensors)

    read, given_back = load(path)

    assert read == read_card(path) == written
    assert given_back.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert given_back[name].dtype == tensor.dtype
        assert torch.equal(given_back[name], tensor)


@given(cards(), weights())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
def test_a_card_can_be_changed_without_changing_a_bit_of_the_weights(
    tmp_path: Path, written: Card, tensors: dict[str, Tensor]
) -> None:
    path = tmp_path / "net.safetensors"
    save(path, written, tensors)
    before = path.read_bytes()

    told = with_card(path, tmp_path / "copy.safetensors", lambda card: replace(card, licence="changed"))
    assert path.read_bytes() == before
    with_card(path, path, lambda card: replace(card, licence="changed"))

    for changed_file in (path, tmp_path / "copy.safetensors"):
        card_now, now = load(changed_file)
        assert card_now == told == replace(written, licence="changed")
        assert {name: bits(tensor) for name, tensor in now.items()} == {
            name: bits(tensor) for name, tensor in tensors.items()
        }


def bits(tensor: Tensor) -> tuple[str, tuple[int, ...], bytes]:
    return str(tensor.dtype), tuple(tensor.shape), tensor.numpy().tobytes()


def test_tensors_that_share_memory_or_lie_across_it_are_saved_as_they_look(tmp_path: Path) -> None:
    whole = torch.arange(6.0).view(2, 3)
    save(tmp_path / "net", card(), {"whole": whole, "turned": whole.T, "again": whole})

    _, tensors = load(tmp_path / "net")

    assert torch.equal(tensors["turned"], whole.T)
    assert torch.equal(tensors["again"], whole)


@contextmanager
def disk_with_room_for(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_write_that_fails_leaves_the_old_checkpoint_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "net.safetensors"
    save(path, card(), WEIGHTS)

    with disk_with_room_for(500), pytest.raises(OSError, match="too large"):
        save(path, card(), {"head.weight": torch.zeros(1000)})

    assert load(path)[1].keys() == WEIGHTS.keys()
    assert list(path.parent.iterdir()) == [path]


def refused(path: Path, *said: str) -> None:
    with pytest.raises(CheckpointMismatch) as error:
        load(path)
    for text in (str(path), *said):
        assert text in str(error.value)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere.safetensors", "No such file", "check the path")
    refused(tmp_path, "Is a directory", "check the path")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_of_any_protocol(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "net.pkl"
    path.write_bytes(pickle.dumps({"head.weight": [1.0, 2.0]}, protocol))

    refused(path, "takt models convert")


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_what_torch_saves(tmp_path: Path, zipped: bool) -> None:
    torch.save(WEIGHTS, tmp_path / "net.pt", _use_new_zipfile_serialization=zipped)

    refused(tmp_path / "net.pt", "is a pickle", "takt models convert")


def test_a_good_file_whose_header_is_as_long_as_a_pickle_begins_is_loaded(tmp_path: Path) -> None:
    """A header of 0x0480 bytes: that length is written as 80 04 00 …, as a pickle of protocol 4 begins."""
    path = tmp_path / "net.safetensors"

    def header_length(note: str) -> int:
        save(path, replace(card(), trained={"note": note}), WEIGHTS)
        return int.from_bytes(path.read_bytes()[:8], "little")

    assert header_length("x" * (0x0480 - header_length(""))) == 0x0480
    assert load(path)[1].keys() == WEIGHTS.keys()


@pytest.mark.parametrize("content", [b"", b"\n", b"a letter to the operator\n" * 9, b"{" * 64, bytes(64)])
def test_something_else(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(content)

    refused(path, "damaged or not a safetensors file", "copy or download it again")


def test_a_file_cut_short_anywhere_or_with_something_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save(path, card(), WEIGHTS)
    whole = path.read_bytes()

    for cut in [*(whole[:size] for size in range(0, len(whole), 7)), whole[:-1], whole + b"\0"]:
        path.write_bytes(cut)
        refused(path, "damaged or not a safetensors file")


def test_a_safetensors_file_without_a_card(tmp_path: Path) -> None:
    save_file(WEIGHTS, tmp_path / "net.safetensors")

    refused(tmp_path / "net.safetensors", "without a `takt.card`", "takt train")


SPEC = asdict(card().spec)


def changed(**fields: Any) -> str:
    return json.dumps({**asdict(card()), **fields})


@pytest.mark.parametrize(
    ("described", "said"),
    [
        ("{", "cannot read"),
        ("[" * 100_000, "cannot read"),
        ("[]", "cannot read"),
        ("{}", "spec"),
        (changed(colour="red"), "colour"),
        (changed(background="none"), "'none' is not among the labels"),
        (changed(labels=["idle", "idle"]), "labels repeat"),
        (changed(labels=["idle", 5]), "each must be a word"),
        (changed(labels=[]), "not among the labels"),
        (changed(labels=7), "cannot read"),
        (changed(spec={"frames": 0, "interval_s": 1, "hop_s": 1, "short_side_px": 1}), "frames is 0"),
        (changed(spec={"frames": 8}), "interval_s"),
        (changed(crop_px="large"), "crop_px is 'large'"),
        (changed(mean=[0.5]), "three numbers"),
        (changed(mean="abc"), "mean is 'abc'"),
        (changed(mean=["a", "b", "c"]), "mean is 'a'; it must be a number from"),
        (changed(mean=[[1], [2], [3]]), "mean is [1]; it must be a number from"),
        (changed(mean=[None, 0, 0]), "mean is None; it must be a number from"),
        (changed(mean=[0, 0, float("nan")]), "mean is nan; it must be a number from"),
        (changed(mean=[0, 0, float("inf")]), "mean is inf; it must be a number from"),
        (changed(std=[1, 1, 0]), "std is 0; it must be a number from 0.0001 to"),
        (changed(std=[1, 1, 1e-300]), "std is 1e-300; it must be a number from 0.0001 to"),
        (changed(temperature=0), "temperature is 0"),
        (changed(temperature=float("inf")), "temperature is inf; it must be a number from"),
        (changed(temperature=True), "temperature is True; it must be a number from"),
        (changed(crop_px=True), "crop_px is True; it must be a whole number from 1 to"),
        (changed(kind=["a"]), "kind is ['a']; it must be a word"),
        (changed(trained=None), "trained is None; it must be an object"),
        (changed(trained=[]), "trained is []; it must be an object"),
        (changed(labels=["idle", "a\ud800"]), "labels hold 'a\\ud800'; each must be a word"),
        (changed(labels=["idle", "a\x1b[31m"]), "labels hold 'a\\x1b[31m'; each must be a word"),
        (changed(labels=["idle", "two\nlines"]), "labels hold 'two\\nlines'; each must be a word"),
        (changed(labels="idle"), "labels are 'idle'; they must be a list of words"),
        (changed(network={"width": 12.5}), "network.width is 12.5; it must be of whole numbers"),
        (changed(network={"cold": 1.5}), "network.cold is 1.5; it must be of whole numbers"),
        (changed(network={"persons": 1.5}), "network.persons is 1.5; it must be of whole numbers"),
        (changed(network={"dropout": float("nan")}), "network.dropout is nan"),
        (changed(network={"depths": [[1]]}), "network.depths is ([1],); it must be of numbers and words"),
        *(
            (changed(spec={**SPEC, name: value}), f"{name} is {value!r}; it must be")
            for name, value in (
                *(("frames", 8.0), ("frames", 10**9), ("interval_s", float("inf")), ("interval_s", 1e-300)),
                *(("hop_s", float("inf")), ("hop_s", "1"), ("short_side_px", 2.5), ("short_side_px", 10**9)),
                *(("square", "no"), ("continual", 1), ("late", -1)),
            )
        ),
        (changed(spec={**SPEC, "continual": True}), "spec.continual is true"),
        (changed(spec={**SPEC, "colour": "red"}), "spec has 'colour', which mean nothing"),
        (changed(spec=None), "spec is None; it must be an object"),
        (changed(multilabel="yes"), "multilabel is 'yes'"),
        (changed(abstain={"by": "feeling", "threshold": 1}), "abstain.by is 'feeling'; there are: max_logit, energy"),
        (changed(abstain={"by": "energy", "threshold": float("nan")}), "abstain.threshold is nan"),
        (changed(abstain={"by": "energy"}), "threshold"),
        (changed(abstain="energy"), "cannot read"),
        (changed(thresholds={"pick": 0}), "threshold 0 of 'pick'"),
        (changed(thresholds={"idle": 0.5}), "threshold 0.5 of 'idle'"),
        (changed(thresholds=[0.5]), "cannot read"),
        (changed(licence=None), "licence is None"),
        (changed(network=None), "cannot read"),
    ],
    ids=lambda value: value[:20],
)
def test_a_card_that_cannot_be_understood(tmp_path: Path, described: str, said: str) -> None:
    save_file(WEIGHTS, tmp_path / "net.safetensors", metadata={CARD: described})

    refused(tmp_path / "net.safetensors", "has a card that this version cannot read", said)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_weights_that_give_no_scores(tmp_path: Path, number: float) -> None:
    save(tmp_path / "net", card(), {**WEIGHTS, "stem": torch.tensor([0.5, number])})

    refused(tmp_path / "net", "not finite in stem", "train it again")


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
def test_whatever_bytes_are_damaged_it_loads_or_is_refused(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "net.safetensors"
    save(path, card(), WEIGHTS)
    damaged = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(damaged)

    with suppress(CheckpointMismatch):
        assert len(load(path)[1]) == len(WEIGHTS)
