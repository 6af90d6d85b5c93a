"""Laws of `takt models`: what has a name can be listed and shown, and what is fetched is what was published."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from recognizers.card import Abstain, checkpoint_path, read_card
from recognizers.checkpoint import save
from recognizers.estimators.downloads import DOWNLOADS, Download
from recognizers.families import FAMILIES
from streamer.cli import main
from tests.recognizers.mirrors import CONTENT, SHA256, Mirror, serving
from tests.recognizers.networks import LABELS, TINY, card, random_slowfast, write_random
from tests.recognizers.videos import write_video


def told(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> list[dict[str, object]]:
    """What machines are told."""
    assert main(["models", *words, "--json"]) == code
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("TAKT_MIRROR", raising=False)
    return tmp_path / "cache" / "takt" / "models"


@pytest.fixture(scope="module")
def mirror() -> Iterator[str]:
    yield from serving(ThreadingHTTPServer(("127.0.0.1", 0), Mirror), "http")


@pytest.fixture
def published(mirror: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a download that the mirror has."""
    monkeypatch.setitem(DOWNLOADS, "small", Download(f"{mirror}/good", SHA256, len(CONTENT), "MIT"))
    return "small"


def test_every_named_size_bundled_checkpoint_and_download_is_listed_once(capsys: pytest.CaptureFixture[str]) -> None:
    listed = told(capsys, "list")
    names = [one["name"] for one in listed]

    assert len(set(names)) == len(names)
    assert {"bundled:cell", "slowfast_r50_4x16", "slowfast_r50_8x8", "fastestdet"} <= set(names)
    sizes = {f"{kind}_{size}" for kind, family in FAMILIES.items() for size in family.sizes}
    assert {one["name"] for one in listed if one["origin"] == "size"} == sizes
    assert {one["name"] for one in listed if one["origin"] == "download"} == set(DOWNLOADS)
    assert {tuple(one) for one in listed} == {("name", "origin", "kind", "about")}


def test_a_list_can_be_of_one_kind_and_says_what_must_be_fetched(
    capsys: pytest.CaptureFixture[str], cache: Path
) -> None:
    assert {one["kind"] for one in told(capsys, "list", "--kind", "crnn")} == {"crnn"}
    assert main(["models", "list"]) == 0
    assert "get it with `takt models get hands`" in capsys.readouterr().out
    cache.mkdir(parents=True)
    (cache / DOWNLOADS["hands"].file).touch()
    assert main(["models", "list"]) == 0
    assert "takt models get hands" not in capsys.readouterr().out


def test_a_checkpoint_says_what_it_sees_says_and_costs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = write_random(tmp_path / "tiny.safetensors")
    (shown,) = told(capsys, "show", str(path), "--threads", "1")

    measured = shown.pop("measured")
    assert shown == {
        "name": str(path),
        "kind": "slowfast",
        "labels": list(LABELS),
        "background": "idle",
        "multilabel": False,
        "abstain": None,
        "known_above": None,
        "temperature": 8.0,
        "thresholds": None,
        "licence": None,
        "clip": {"frames": 8, "interval_s": 0.08, "hop_s": 0.5, "span_s": 0.56},
        "crop_px": 32,
        "parameters": sum(one.numel() for one in random_slowfast().parameters()),
        "gmac": shown["gmac"],
        "bytes": path.stat().st_size,
    }
    assert isinstance(measured, dict)
    assert measured["ms_per_decision"] > 0
    assert (measured["threads"], measured["runtime"]) == (1, "torch")


@pytest.mark.parametrize(
    ("name", "crop_px", "parameters", "gmac"),
    [
        ("slowfast_r50_8x8", 256, 34.57, 65.71),
        ("slowfast_r50_8x8", 224, 34.57, 50.31),
        ("slowfast_r50_4x16", 256, 34.48, 36.10),
    ],
)
def test_published_networks_are_there_without_weights_and_cost_what_was_published(
    capsys: pytest.CaptureFixture[str], name: str, crop_px: int, parameters: float, gmac: float
) -> None:
    (shown,) = told(capsys, "show", name, "--crop-px", str(crop_px), "--no-measurement")

    assert shown["parameters"] / 1e6 == pytest.approx(parameters, rel=1e-3)  # type: ignore[operator]
    assert shown["gmac"] == pytest.approx(gmac, rel=1e-3)
    assert (shown["bytes"], shown["crop_px"], shown["clip"]) == (None, crop_px, {"frames": 32})
    assert "labels" not in shown
    assert "measured" not in shown


@pytest.mark.parametrize("kind", FAMILIES)
def test_every_kind_can_be_shown(capsys: pytest.CaptureFixture[str], kind: str) -> None:
    (shown,) = told(capsys, "show", f"{kind}_small", "--crop-px", "64", "--no-measurement")

    assert shown["kind"] == kind
    assert shown["parameters"] > 1000  # type: ignore[operator]
    assert shown["gmac"] > 0  # type: ignore[operator]


def test_people_are_shown_the_same_and_how_it_abstains(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "tiny.safetensors"
    described = replace(card(), abstain=Abstain("energy", 2.5), licence="CC0-1.0")
    save(path, described, random_slowfast(TINY).state_dict())
    assert main(["models", "show", str(path)]) == 0
    text = capsys.readouterr().out

    assert "labels        idle, pick, place\n" in text
    assert "abstain       by energy, threshold 2.5\n" in text
    assert "licence       CC0-1.0\n" in text
    assert "ms_per_decision" in text


def test_a_video_classifier_of_others_is_shown_by_its_folder(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = write_video(tmp_path / "videomae")
    (shown,) = told(capsys, "show", str(folder))

    assert (shown["kind"], shown["labels"]) == ("huggingface", ["idle", "pick", "place", "none"])
    assert shown["bytes"] == (folder / "model.safetensors").stat().st_size
    assert shown["parameters"] > 1000  # type: ignore[operator]
    assert shown["gmac"] > 0  # type: ignore[operator]
    assert shown["measured"]["ms_per_decision"] > 0  # type: ignore[index]


def test_kinds_that_need_something_else_are_not_measured_alone(capsys: pytest.CaptureFixture[str]) -> None:
    (shown,) = told(capsys, "show", "san_small")
    assert shown["measured"] is None


def test_a_download_says_where_it_comes_from(capsys: pytest.CaptureFixture[str], cache: Path) -> None:
    (shown,) = told(capsys, "show", "fastestdet")
    assert shown["sha256"] == DOWNLOADS["fastestdet"].sha256
    assert (shown["licence"], shown["there"]) == ("BSD-3-Clause", False)
    assert shown["path"] == str(cache / "FastestDet.onnx")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "slowfast_tiny"], "no model slowfast_tiny; give the path of a checkpoint, or a name of"),
        (["show", "bundled:none"], "no checkpoint bundled:none ships with this package"),
        (["get", "resnet"], "no model 'resnet'; there are: fastestdet, "),
        (["get", "http://127.0.0.1:1/net"], "Or give an address with --sha256"),
        (["get", "hands", "--mirror", "file:///etc"], "the address must be http"),
        (["get", "hands", "--mirror", "http://127.0.0.1:1"], "cannot be reached"),
        (["get", "hands", "--mirror", "http://127.0.0.1:1", "--out", "/proc/nowhere/hands"], "give a place that can"),
    ],
)
def test_mistakes_are_said_with_what_would_be_right(
    capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    (problem,) = told(capsys, *words, code=1)
    assert said in str(problem["problem"])


def test_what_is_fetched_lies_where_the_service_looks_and_is_fetched_once(
    capsys: pytest.CaptureFixture[str], cache: Path, published: str
) -> None:
    fields = {"name": "small", "path": str(cache / "good"), "sha256": SHA256}

    assert told(capsys, "get", published) == [{**fields, "fetched": True}]
    assert (cache / "good").read_bytes() == CONTENT
    assert told(capsys, "get", published) == [{**fields, "fetched": False}]
    (cache / "good").write_text("somebody changed it")
    assert told(capsys, "get", published) == [{**fields, "fetched": True}]
    assert main(["models", "get", published]) == 0
    assert capsys.readouterr().out == f"{cache / 'good'} was there already\n"


def test_a_mirror_takes_the_place_of_the_publisher(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, mirror: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DOWNLOADS, "far", Download("http://127.0.0.1:1/models/good", SHA256, len(CONTENT), "MIT"))
    told(capsys, "get", "far", "--mirror", f"{mirror}/", "--out", str(tmp_path / "one"))
    monkeypatch.setenv("TAKT_MIRROR", mirror)
    told(capsys, "get", "far", "--out", str(tmp_path / "two"))

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes() == CONTENT


def test_any_file_can_be_fetched_of_which_the_sum_is_known(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, mirror: str
) -> None:
    out = ["--out", str(tmp_path / "net")]
    told(capsys, "get", f"{mirror}/of-unknown-length", "--sha256", SHA256.upper(), *out)
    assert (tmp_path / "net").read_bytes() == CONTENT

    (problem,) = told(capsys, "get", f"{mirror}/changed", "--sha256", SHA256, "--out", str(tmp_path / "other"), code=1)
    assert "is not the file that was published" in str(problem["problem"])
    assert not (tmp_path / "other").exists()


def test_a_sum_that_is_not_the_published_one_is_refused_before_anything_is_fetched(
    capsys: pytest.CaptureFixture[str], cache: Path, published: str
) -> None:
    (problem,) = told(capsys, "get", published, "--sha256", "0" * 64, code=1)
    assert f"--sha256: small was published with {SHA256}; leave it out" in str(problem["problem"])
    assert not cache.exists()

    assert told(capsys, "get", published, "--sha256", SHA256)[0]["fetched"] is True


@pytest.mark.parametrize("path", ["changed", "cut-short", "too-long"])
def test_a_download_of_the_list_that_is_not_what_was_published_is_thrown_away(
    capsys: pytest.CaptureFixture[str], cache: Path, mirror: str, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setitem(DOWNLOADS, "small", Download(f"{mirror}/{path}", SHA256, None, "MIT"))
    told(capsys, "get", "small", code=1)
    assert list(cache.iterdir()) == []


def test_every_download_of_the_list_states_its_sum() -> None:
    assert all(re.fullmatch("[0-9a-f]{64}", download.sha256) for download in DOWNLOADS.values())


def test_the_bundled_network_says_under_which_licence_it_is() -> None:
    assert read_card(checkpoint_path("bundled:cell")).licence == "Apache-2.0"
