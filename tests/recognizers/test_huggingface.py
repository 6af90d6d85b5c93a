"""Video classifiers of `transformers` run as their folders say, with no code and no pickle of theirs."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from huggingface_hub.errors import LocalEntryNotFoundError

from recognizers.build import build_recognizer
from recognizers.card import Abstain
from recognizers.errors import CheckpointMismatch
from recognizers.huggingface import OfTheHub, Wanted, folder_card, source_of
from recognizers.transforms import normalised, square
from streamer.cli import main
from streamer.errors import ConfigError
from streamer.settings import load
from tests.recognizers.pictures import clips, follow, pictures
from tests.recognizers.videos import LABELS, MODELS, PREPROCESSOR, SIDE_PX, model, write_video
from tests.streamer.plants import blinking_film, write_plant

COMMIT = "0a1b2c3d4e" * 4


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever wants to reach somebody fails."""

    def refuse(*_: object) -> None:
        raise AssertionError("somebody is asked over the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("kind", MODELS)
def test_it_answers_as_the_model_does_and_background_is_added(tmp_path: Path, kind: str) -> None:
    folder, film = write_video(tmp_path / kind, kind), pictures(4)
    recognizer = build_recognizer("huggingface", folder, {})
    (shown,) = clips(film, recognizer.spec)
    ((said,), _) = follow(recognizer, [shown])

    seen = normalised(square(film, SIDE_PX)[None], PREPROCESSOR["image_mean"], PREPROCESSOR["image_std"])
    network = model(kind)
    with torch.no_grad():
        logits = network(**{network.main_input_name: seen.transpose(1, 2)}).logits
    assert logits.std() > 0.01
    assert (recognizer.labels, recognizer.background) == ((*LABELS, "none"), "none")
    np.testing.assert_allclose(said.scores, [*logits.softmax(1)[0], 0.0], atol=1e-5)


@pytest.mark.parametrize("saved", [torch.float16, torch.bfloat16], ids=str)
def test_a_folder_of_half_precision_is_run_in_single(tmp_path: Path, saved: torch.dtype) -> None:
    folder, film = write_video(tmp_path), pictures(4)
    said = []
    for dtype in (torch.float32, saved):
        model("videomae").to(dtype).save_pretrained(folder)
        recognizer = build_recognizer("huggingface", folder, {})
        ((answer,), _) = follow(recognizer, clips(film, recognizer.spec))
        said.append(answer.scores)

    assert json.loads((folder / "config.json").read_text())["dtype"] == str(saved).removeprefix("torch.")
    np.testing.assert_allclose(said[1], said[0], atol=0.02)


@pytest.mark.parametrize(
    ("kind", "interval_s"), [("videomae", 4 / 30), ("timesformer", 32 / 30), ("vivit", 2 / 30), ("vjepa2", 2 / 30)]
)
def test_clips_are_as_the_model_was_trained(tmp_path: Path, kind: str, interval_s: float) -> None:
    spec = folder_card(write_video(tmp_path, kind), Wanted()).spec
    assert (spec.frames, spec.short_side_px) == (4, SIDE_PX)
    assert (spec.interval_s, spec.hop_s) == pytest.approx((interval_s, 2 * interval_s))

    asked = folder_card(tmp_path, Wanted(interval_s=0.25, hop_s=0.5)).spec
    assert (asked.interval_s, asked.hop_s) == (0.25, 0.5)


def test_a_label_of_its_own_can_be_the_background_and_it_can_abstain(tmp_path: Path) -> None:
    folder = write_video(tmp_path)
    plain = build_recognizer("huggingface", folder, {"background": "idle"})
    shy = build_recognizer("huggingface", folder, {"background": "idle", "abstain": Abstain("max_logit", 99.0)})
    film = clips(pictures(4), plain.spec)

    ((said,), _), ((nothing,), _) = follow(plain, film), follow(shy, film)

    assert (plain.labels, plain.background) == (LABELS, "idle")
    assert said.scores.min() > 0
    assert nothing.scores.tolist() == [1, 0, 0]


def preprocessed(**numbers: Any) -> dict[str, Any]:
    return {**PREPROCESSOR, **numbers}


@pytest.mark.parametrize(
    ("preprocessor", "mean", "std", "seen"),
    [
        (preprocessed(), (0.45, 0.4, 0.35), (0.225, 0.25, 0.275), 1.0),
        (preprocessed(do_normalize=False), (0, 0, 0), (1, 1, 1), 1.0),
        (preprocessed(rescale_factor=1 / 127.5, offset=True, image_mean=[0.5] * 3, image_std=[0.5] * 3),
         (0.75, 0.75, 0.75), (0.25, 0.25, 0.25), 1.0),
        (preprocessed(do_rescale=False, image_mean=[127.5] * 3, image_std=[51] * 3), (0.5,) * 3, (0.2,) * 3, 1.0),
        (preprocessed(size={"shortest_edge": 40}), (0.45, 0.4, 0.35), (0.225, 0.25, 0.275), 0.8),
        (preprocessed(size={"shortest_edge": 40}, do_center_crop=False), (0.45, 0.4, 0.35), (0.225, 0.25, 0.275), 1.0),
        ({"size": 40, "crop_size": 32}, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), 0.8),
    ],
    ids=["plain", "as it comes", "around 0", "in steps", "middle", "whole", "numbers"],
)  # fmt: skip
def test_pictures_are_prepared_as_the_folder_says(
    tmp_path: Path, preprocessor: dict[str, Any], mean: Any, std: Any, seen: float
) -> None:
    card = folder_card(write_video(tmp_path, preprocessor=preprocessor), Wanted())
    assert (card.mean, card.std) == (pytest.approx(mean), pytest.approx(std))
    assert card.network["seen"] == pytest.approx(seen)
    assert card.crop_px == SIDE_PX


def test_what_its_training_cut_off_is_not_seen(tmp_path: Path) -> None:
    folder = write_video(tmp_path, preprocessor=preprocessed(size={"shortest_edge": 64}))
    recognizer, film = build_recognizer("huggingface", folder, {}), pictures(4)
    framed = [picture.copy() for picture in film]
    height, width = framed[0].shape[:2]
    top, left = (height - height // 2) // 2, (width - height // 2) // 2
    for picture, whole in zip(framed, film, strict=True):
        picture[:] = 0
        inside = (slice(top, top + height // 2), slice(left, left + height // 2))
        picture[inside] = whole[inside]

    ((plain,), _), ((black_around,), _) = (follow(recognizer, clips(one, recognizer.spec)) for one in (film, framed))

    np.testing.assert_allclose(plain.scores, black_around.scores, atol=1e-6)


def test_several_labels_at_once_and_a_rate_of_its_own(tmp_path: Path) -> None:
    folder = write_video(tmp_path, preprocessor=preprocessed(fps=10))
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "problem_type": "multi_label_classification"}))
    card = folder_card(folder, Wanted())
    assert (card.multilabel, card.spec.interval_s) == (True, 0.1)


class Canary:
    """Leaves a file behind when a pickle of it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.usefixtures("offline")
def test_pickled_weights_are_refused_and_not_read(tmp_path: Path) -> None:
    folder = write_video(tmp_path / "net")
    (folder / "model.safetensors").unlink()
    torch.save({"weight": Canary(tmp_path / "canary")}, folder / "pytorch_model.bin")

    with pytest.raises(CheckpointMismatch, match=r"weights in pytorch_model.bin, a pickle, .*take a version with"):
        build_recognizer("huggingface", folder, {})
    assert not (tmp_path / "canary").exists()


@pytest.mark.usefixtures("offline")
def test_code_of_the_folder_never_runs(tmp_path: Path) -> None:
    folder = write_video(tmp_path / "net")
    config = json.loads((folder / "config.json").read_text())
    auto = {"AutoConfig": "code.Config", "AutoModelForVideoClassification": "code.Model"}
    (folder / "config.json").write_text(json.dumps({**config, "auto_map": auto}))
    (folder / "code.py").write_text(f"open({str(tmp_path / 'canary')!r}, 'w')\nclass Config: ...\nclass Model: ...\n")

    recognizer = build_recognizer("huggingface", folder, {})
    assert recognizer.labels == (*LABELS, "none")
    assert not (tmp_path / "canary").exists()

    (folder / "config.json").write_text(json.dumps({**config, "model_type": "own", "auto_map": auto}))
    with pytest.raises(CheckpointMismatch, match="holds a model of type 'own'; there are: videomae, timesformer"):
        build_recognizer("huggingface", folder, {})
    assert not (tmp_path / "canary").exists()


def changed(folder: Path, **fields: object) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **fields}))


@pytest.mark.parametrize(
    ("breaks", "said"),
    [
        (lambda folder: (folder / "config.json").unlink(), "has no config.json"),
        (lambda folder: (folder / "config.json").write_text("{"), "config.json cannot be read"),
        (lambda folder: (folder / "config.json").write_text("[]"), "holds no JSON object"),
        (lambda folder: (folder / "preprocessor_config.json").write_text("[]"), "holds no JSON object"),
        (lambda folder: (folder / "model.safetensors").unlink(), "has no model.safetensors; copy the whole folder"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"cut short"), "damaged or not a safetensors file"),
        (lambda folder: changed(folder, id2label={"0": "a", "1": "a"}), "labels repeat"),
        (lambda folder: changed(folder, id2label={"1": "a"}), "does not describe"),
        (lambda folder: changed(folder, id2label={"0": "a", "1": "b"}), "lacks weights of its network: .*classifier"),
        (lambda folder: changed(folder, num_hidden_layers=3), "lacks weights of its network"),
    ],
    ids=range(10),
)
@pytest.mark.usefixtures("offline")
def test_a_folder_that_is_no_whole_classifier_is_refused(tmp_path: Path, breaks: Any, said: str) -> None:
    folder = write_video(tmp_path)
    breaks(folder)
    with pytest.raises(CheckpointMismatch, match=said):
        build_recognizer("huggingface", folder, {})


def test_a_background_that_it_does_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointMismatch, match="there is no label 'rest' for the background"):
        build_recognizer("huggingface", write_video(tmp_path), {"background": "rest"})


@pytest.mark.usefixtures("offline")
def test_a_model_of_the_hub_that_is_not_here_is_not_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(CheckpointMismatch, match="owner/net is not on this machine; fetch: true lets it be fetched"):
        build_recognizer("huggingface", "hub:owner/net@1a2b", {})


@pytest.mark.parametrize("fetches", [False, True])
def test_the_hub_is_asked_for_one_revision_and_never_for_code_or_pickles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fetches: bool
) -> None:
    folder = write_video(tmp_path)
    asked: list[object] = []

    def snapshot(*named: str, **how: object) -> str:
        asked.append((named, how))
        return str(folder)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot)
    recognizer = build_recognizer("huggingface", f"hub:owner/net@{COMMIT}", {"fetch": fetches})

    assert recognizer.labels == (*LABELS, "none")
    how = {"revision": COMMIT, "allow_patterns": ["*.json", "*.safetensors"], "local_files_only": not fetches}
    assert asked == [(("owner/net",), how)]


@pytest.mark.parametrize(
    ("fetches", "error", "said"),
    [
        (False, LocalEntryNotFoundError("not cached"), "owner/net is not on this machine; fetch: true lets it be"),
        (True, LocalEntryNotFoundError("no route"), "owner/net is not on this machine; the hub cannot be reached"),
        (True, OSError("404 Client Error\nmore"), r"owner/net cannot be fetched \(404 Client Error\)"),
        (False, ValueError("a name too long"), r"owner/net cannot be fetched \(a name too long\)"),
    ],
    ids=["not here", "not reached", "not there", "no name"],
)
def test_what_the_hub_does_not_give_is_told(
    monkeypatch: pytest.MonkeyPatch, fetches: bool, error: Exception, said: str
) -> None:
    def snapshot(*_: str, **__: object) -> str:
        raise error

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot)
    with pytest.raises(CheckpointMismatch, match=said):
        build_recognizer("huggingface", f"hub:owner/net@{COMMIT}", {"fetch": fetches})


def test_a_model_is_a_folder_unless_its_name_begins_with_hub(tmp_path: Path) -> None:
    assert source_of(str(tmp_path), fetches=False) == tmp_path
    assert source_of("hub:MCG-NJU/videomae-base", fetches=False) == OfTheHub("MCG-NJU/videomae-base", None)
    assert source_of("hub:owner/name@main", fetches=False) == OfTheHub("owner/name", "main")
    assert source_of(f"hub:owner/name@{COMMIT}", fetches=True) == OfTheHub("owner/name", COMMIT)


@pytest.mark.parametrize("path", ["nowhere", "models/videomae", "owner/name@1a2b", "x" * 5000])
def test_a_folder_that_is_not_there_is_never_looked_for_at_the_hub(path: str) -> None:
    with pytest.raises(CheckpointMismatch, match=f"no such folder: {path}; check the path, or give a model of the hub"):
        source_of(path, fetches=True)


@pytest.mark.parametrize("name", ["hub:", "hub:name", "hub:/a/b", "hub:a/b/c", "hub:../b c", "hub:a/b@"])
def test_what_is_no_name_of_the_hub_is_refused(name: str) -> None:
    with pytest.raises(CheckpointMismatch, match=r"is no name of the hub; give hub:owner/name@COMMIT"):
        source_of(name, fetches=False)


@pytest.mark.parametrize(
    ("revision", "said"),
    [
        ("", "has no revision, and what the hub has by such a name may change"),
        ("@main", "has a revision that may be a branch or a tag, main, "),
        ("@v1.0", "may be a branch or a tag, v1.0, "),
        (f"@{COMMIT[:7]}", f"may be a branch or a tag, {COMMIT[:7]}, "),
        (f"@{COMMIT.upper()}", f"may be a branch or a tag, {COMMIT.upper()}, "),
    ],
    ids=["none", "branch", "tag", "short", "capitals"],
)
def test_what_is_fetched_is_named_by_a_commit_which_nobody_can_move(revision: str, said: str) -> None:
    with pytest.raises(CheckpointMismatch, match=said) as refused:
        source_of(f"hub:owner/name{revision}", fetches=True)
    assert str(refused.value).endswith("needs hub:owner/name@COMMIT, the 40 digits of a commit in its history")


def test_without_the_library_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recognizers.runtimes.huggingface.is_installed", lambda: False)
    with pytest.raises(CheckpointMismatch, match=r"pip install 'taktstream\[huggingface\]'"):
        build_recognizer("huggingface", tmp_path, {})

    monkeypatch.setitem(sys.modules, "transformers", None)
    (tmp_path / "config.yaml").write_text(CONFIG.replace("CHECKPOINT", "hub:owner/name"))
    with pytest.raises(ConfigError, match=r"recognizers.net.kind: needs transformers.*'taktstream\[huggingface\]'"):
        load(tmp_path / "config.yaml", {})


def test_it_runs_on_a_recording_by_a_configuration_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film = blinking_film(tmp_path / "film.mp4", 2)
    folder = write_video(tmp_path / "net", "vivit")
    config = write_plant(tmp_path, {"cam": f"{{kind: file, path: {film}}}"})
    network = f"kind: huggingface, checkpoint: {folder}, background: idle, hop_s: 0.4"
    text = config.read_text().replace(f"checkpoint: {tmp_path / 'light.safetensors'}", network)
    config.write_text(text.replace("smooth_s: 0,", "smooth_s: 0, on: 0, off: 0,"))

    assert main(["run", str(config), "--json"]) == 0

    _, *events = map(json.loads, capsys.readouterr().out.splitlines())
    told = [(event["payload"]["action"], event["payload"]["phase"]) for event in events]
    assert {action for action, _ in told} <= {"pick", "place"}
    assert {phase for _, phase in told} == {"started", "ended"}


CONFIG = """
recognizers:
  net: {kind: huggingface, checkpoint: CHECKPOINT}
streams:
  - id: cell-4
    source: {kind: rtsp, url: "rtsp://cam4/main"}
    watches:
      - {id: bench, recognizer: net, events: {EVENT: {on: 0.5}}}
"""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, None),
        ({"EVENT": "plcae"}, "the recognizer net knows no such action; did you mean place?"),
        ({"CHECKPOINT": "FOLDER/model.safetensors"}, "no such folder"),
        ({"CHECKPOINT": "owner/name"}, "checkpoint: no such folder: owner/name; check the path"),
        ({"CHECKPOINT": "hub:owner/name", "EVENT": "anything"}, None),
        ({"CHECKPOINT": "hub:owner/name, fetch: true"}, "checkpoint: hub:owner/name has no revision"),
        ({"CHECKPOINT": "hub:owner/name@main, fetch: true"}, "checkpoint: hub:owner/name@main has a revision that may"),
        ({"kind: huggingface, checkpoint: CHECKPOINT": "fetch: true"}, "fetch: the checkpoint of a slowfast says it"),
    ],
    ids=["right", "event", "file", "path", "hub", "revision", "branch", "kind"],
)
def test_a_configuration_is_checked_against_the_folder(
    tmp_path: Path, change: dict[str, str], said: str | None
) -> None:
    text = CONFIG
    for old, new in change.items():
        text = text.replace(old, new)
    folder = write_video(tmp_path / "net")
    text = text.replace("EVENT", "place").replace("CHECKPOINT", "FOLDER").replace("FOLDER", str(folder))
    (tmp_path / "config.yaml").write_text(text)
    if said is None:
        assert load(tmp_path / "config.yaml", {}).recognizers["net"].kind == "huggingface"
        return
    with pytest.raises(ConfigError) as refused:
        load(tmp_path / "config.yaml", {})
    assert said in "\n".join(refused.value.problems)
