"""A configuration is right, or every mistake in it is told at once: `file:line: path: what is wrong; what is right`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from streamer.errors import ConfigError
from streamer.settings import load, settings_of
from tests.streamer.settings.files import VALID, mistakes, read, write_bundle, write_card

TEXT = "must be text; put numbers and words like yes in quotes"
SECTION = "must be a mapping (`key: value`); leave it out for its defaults"
TOP = (
    "data_dir, mqtt, sinks, andon, http, webrtc, outbox, engine, workers, cluster, recognizers, streams, "
    "hard_examples, evidence, live, labels, shutdown, tracing, log"
)


def test_defaults_fill_what_is_not_given(tmp_path: Path) -> None:
    settings = read(tmp_path, VALID)
    (stream,) = settings.streams
    assert (stream.id, stream.watches[0].recognizer) == ("cell-4", "cell")
    assert (settings.mqtt, settings.http.port, settings.engine.batch) == (None, 9464, 16)


def test_all_mistakes_are_told_at_once_by_line(tmp_path: Path) -> None:
    text = """\
http: {prot: 1, port: 70000}
recognizers:
  cell: {checkpoint: nowhere.safetensors, threads: 0}
streams:
  - id: Cell 4
    source: {kind: rtsp, url: "http://cam4/main", transprot: udp}
    watches:
      - {id: bench, recognizer: sell, region: [0.5, 0, 0.1, 1], min_coverage: 75}
      - {id: bench}
  - source: {kind: webcam}
    watches: []
log: {level: loud}
mqtt: {url: "http://broker"}
"""
    assert mistakes(tmp_path, text) == [
        "1: http.port: must be less than or equal to 65535",
        "1: http.prot: unknown key; did you mean port?",
        "3: recognizers.cell.checkpoint: cannot read the checkpoint nowhere.safetensors: No such file or directory; "
        "check the path",
        "3: recognizers.cell.threads: must be greater than or equal to 1",
        "5: streams.0.id: must be 1 to 63 small letters, digits or hyphens, e.g. cell-4",
        "6: streams.0.source.transprot: unknown key; did you mean transport?",
        "6: streams.0.source.url: must be rtsp://host[:port]/path or rtsps://host[:port]/path",
        "8: streams.0.watches.0.min_coverage: must be less than or equal to 1",
        "8: streams.0.watches.0.recognizer: is no key of `recognizers`; did you mean cell?",
        "8: streams.0.watches.0.region: must be [left, top, right, bottom] with left < right and top < bottom",
        "9: streams.0.watches.1.id: is used already in line 8; ids are unique",
        "9: streams.0.watches.1.recognizer: is missing; give it: a name from `recognizers`",
        "10: streams.1.id: is missing; give it: unique; part of topics and metrics",
        "10: streams.1.source.kind: must be one of rtsp, http, file, whip, whep",
        "11: streams.1.watches: must have at least one entry",
        "12: log.level: must be 'debug', 'info', 'warning' or 'error'",
        "13: mqtt.url: must be mqtt://host[:port] or mqtts://host[:port]",
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("strems: []", "8: strems: unknown key; did you mean streams?"),
        ("paint: red", f"8: paint: unknown key; there are: {TOP}"),
        ("http:", f"8: http: {SECTION}"),
        ("http: [1]", f"8: http: {SECTION}"),
        ("mqtt: mqtt://broker", f"8: mqtt: {SECTION}"),
        ("http: {port: true}", "8: http.port: must be a whole number"),
        ('http: {port: "80"}', "8: http.port: must be a whole number"),
        ("http: {port: 80.5}", "8: http.port: must be a whole number"),
        ("http: {port: 99999999999999999999999999}", "8: http.port: must be less than or equal to 65535"),
        (f"http: {{port: {'9' * 5000}}}", "8: http.port: cannot be read as a whole number; put text in quotes"),
        ("http: {port: !!int many}", "8: http.port: cannot be read as a whole number; put text in quotes"),
        ("http: {host: 4}", f"8: http.host: {TEXT}"),
        ("http: {host: ~}", f"8: http.host: {TEXT}"),
        ("http: {host: ''}", "8: http.host: must not be empty"),
        ("data_dir: [a]", f"8: data_dir: {TEXT}"),
        ("engine: {deadline_s: .nan}", "8: engine.deadline_s: must be a finite number"),
        ("engine: {deadline_s: .inf}", "8: engine.deadline_s: must be a finite number"),
        ("engine: {deadline_s: yes}", "8: engine.deadline_s: must be a number"),
        ("engine: {deadline_s: 1e3}", "8: engine.deadline_s: must be a number"),
        ("workers: many", "8: workers: must be a whole number from 1 to 64, or auto"),
        ("workers: 0", "8: workers: must be a whole number from 1 to 64, or auto"),
        ("workers: true", "8: workers: must be a whole number from 1 to 64, or auto"),
        ("shutdown: {grace_s: -1}", "8: shutdown.grace_s: must be greater than or equal to 0"),
        ("outbox: {budget_mib: 1.0e+18}", "8: outbox.budget_mib: must be a whole number"),
        ("mqtt: {url: 'mqtt://broker:many'}", "8: mqtt.url: must be mqtt://host[:port] or mqtts://host[:port]"),
        ("mqtt: {url: 'mqtt://broker/topic'}", "8: mqtt.url: must be mqtt://host[:port] or mqtts://host[:port]"),
        ("mqtt: {url: 'mqtt://[::1'}", "8: mqtt.url: must be mqtt://host[:port] or mqtts://host[:port]"),
        (
            "mqtt: {url: 'mqtt://me:word@broker'}",
            "8: mqtt.url: must not hold a password; use username and password_file",
        ),
        ("mqtt: {password_file: nowhere}", "8: mqtt.password_file: no such file: nowhere; check the path"),
        (f"mqtt: {{password_file: {'x' * 5000}}}", "8: mqtt.password_file: cannot be looked at (File name too long)"),
        ("mqtt: {password: a, password_file: cell.yaml}", "8: mqtt: give password or password_file, not both"),
        ("mqtt: {prefix: 'a/#'}", "8: mqtt.prefix: must be a topic without + and #, without $ or a slash in front"),
    ],
)
def test_a_mistake_in_a_section(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, told: str) -> None:
    monkeypatch.chdir(tmp_path)
    (mistake,) = mistakes(tmp_path, VALID + line + "\n")
    assert mistake.startswith(told)


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("id: cell-4", "id: 4", f"4: streams.0.id: {TEXT}"),
        ("id: cell-4", "id: no", f"4: streams.0.id: {TEXT}"),
        ("id: cell-4", "id: Zelle-ä", "4: streams.0.id: must be 1 to 63 small letters, digits or hyphens, e.g. cell-4"),
        ("kind: rtsp, ", "", "5: streams.0.source.kind: is missing; give one of rtsp, http, file, whip, whep"),
        ("kind: rtsp", "kind: [rtsp]", "5: streams.0.source.kind: must be one of rtsp, http, file, whip, whep"),
        ('"rtsp://cam4/main"', "rtsp://", "5: streams.0.source.url: must be rtsp://host[:port]/path or rtsps://"),
        ("url:", "read_timeout_s: 20, url:", "5: streams.0.source: read_timeout_s (20.0) must be below stall_"),
        ("url:", "open_timeout_s: 0, url:", "5: streams.0.source.open_timeout_s: must be greater than 0"),
        ("url:", "tls_verify: 1, url:", "5: streams.0.source.tls_verify: must be true or false"),
        ("cell}", "cell, region: [0, 0, 1]}", "7: streams.0.watches.0.region.3: is missing; the list is too short"),
        ("cell}", "cell, region: [0, 0, 1, 1, 1]}", "7: streams.0.watches.0.region: "),
        ("cell}", "cell, region: 1}", "7: streams.0.watches.0.region: must be a list"),
        ("cell}", "cell, events: {tighten: {on: 2}}}", "7: streams.0.watches.0.events.tighten.on: must be less than"),
        ("cell}", "cell, events: {tighten: {on: yes}}}", "7: streams.0.watches.0.events.tighten.on: must be a number"),
        ("cell}", "cell, events: {default: {on: 0.1}}}", "7: streams.0.watches.0.events.default: off (0.4) must not"),
        ("cell}", "cell, events: {default: {onn: 1}}}", "7: streams.0.watches.0.events.default.onn: unknown key; "),
        ("cell}", "cell, events: {tigthen: {}}}", "7: streams.0.watches.0.events.tigthen: the recognizer cell knows no "
         "such action; did you mean tighten?"),
        ("cell}", "cell, events: {idle: {}}}", "7: streams.0.watches.0.events.idle: the recognizer cell knows no such "
         "action; there are: tighten, loosen"),
        ("cell:", "other:", "7: streams.0.watches.0.recognizer: is no key of `recognizers`; there are: other"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_stream(tmp_path: Path, right: str, wrong: str, told: str) -> None:
    (mistake,) = mistakes(tmp_path, VALID.replace(right, wrong, 1))
    assert mistake.startswith(told)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("kind: slowfast, state: carried", "state: only a crnn can be carried, not a slowfast; leave it out"),
        ("kind: crnn, mode: stream", "mode: stream is of a slowfast only, not of a crnn; leave it out"),
        (
            "kind: crnn, runtime: openvino",
            "runtime: openvino runs slowfast, slow_only, c2d, i3d, x3d, not a crnn; leave it out",
        ),
        ("kind: crnn, pose_model: pyproject.toml", "pose_model: only a san looks at joints, not a crnn; leave it out"),
        (
            "kind: crnn, actor_model: pyproject.toml",
            "actor_model: only a slowfast_actors looks for people, not a crnn; leave it out",
        ),
        (
            "kind: slowfast_actors, actor_model: pyproject.toml, average_clips: 2",
            "average_clips: people come and go from clip to clip; leave it out for a slowfast_actors",
        ),
    ],
)
def test_an_option_of_another_kind_of_recognizer(tmp_path: Path, given: str, told: str) -> None:
    text = VALID.replace("checkpoint: CHECKPOINT", f"checkpoint: {tmp_path / 'own.safetensors'}, {given}")
    write_card(tmp_path / "own.safetensors", kind=given.split(",", maxsplit=1)[0].removeprefix("kind: "))
    assert mistakes(tmp_path, text) == [f"2: recognizers.cell: {told}"]


def test_all_options_of_other_kinds_are_told_at_once_each_with_its_line_and_beside_other_mistakes(
    tmp_path: Path,
) -> None:
    given = "kind: x3d\n    state: carried\n    mode: stream\n    fetch: true\n    average_clips: 65\n    background: b"
    text = VALID.replace("{checkpoint: CHECKPOINT}", f"\n    checkpoint: {tmp_path / 'own.safetensors'}\n    {given}")
    write_card(tmp_path / "own.safetensors", kind="x3d")
    assert mistakes(tmp_path, text) == [
        "5: recognizers.cell: state: only a crnn can be carried, not a x3d; leave it out",
        "6: recognizers.cell: mode: stream is of a slowfast only, not of a x3d; leave it out",
        "7: recognizers.cell: fetch: the checkpoint of a x3d says it; leave it out",
        "8: recognizers.cell.average_clips: must be less than or equal to 64",
        "9: recognizers.cell: background: the checkpoint of a x3d says it; leave it out",
    ]


def test_what_no_file_holds_is_told_as_well() -> None:
    with pytest.raises(ConfigError, match=r"state: only a crnn can be carried.*; mode: stream is of a slowfast only"):
        settings_of(
            {
                "recognizers": {"cell": {"kind": "x3d", "state": "carried", "mode": "stream"}},
                "streams": [{"id": "a", "source": {"kind": "file", "path": "a.mp4"}, "watches": []}],
            }
        )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            "hop_s: 0.001",
            "hop_s: 0.001 s is no picture further, since pictures of a clip are 0.1 s apart; give at least",
        ),
        ("hop_s: 0.05", "hop_s: 0.05 s is no picture further"),
        ("kind: crnn, state: carried, hop_s: 10", "hop_s: with state: carried, pictures between two clips 10 s apart"),
        (
            "mode: delayed, hop_s: 86400",
            "hop_s: all pictures of 86400 s would be kept until they are looked at, and a w",
        ),
        ("mode: delayed, hop_s: 3.3", "hop_s: all pictures of 3.3 s would be kept"),
    ],
)
def test_a_hop_that_its_recognizer_cannot_keep_up_with_is_a_mistake(tmp_path: Path, given: str, told: str) -> None:
    kind = "crnn" if "crnn" in given else "slowfast"
    card = write_card(tmp_path / "own.safetensors", kind=kind)
    (mistake,) = mistakes(tmp_path, VALID.replace("checkpoint: CHECKPOINT", f"checkpoint: {card}, {given}"))
    assert mistake.startswith(f"2: recognizers.cell: {told}")


@pytest.mark.parametrize("given", ["hop_s: 0.06", "hop_s: 86400", "mode: delayed, hop_s: 3.2", "state: carried"])
def test_a_hop_that_leaves_no_picture_out_and_keeps_few_is_taken(tmp_path: Path, given: str) -> None:
    card = write_card(tmp_path / "own.safetensors", kind="crnn" if "carried" in given else "slowfast")
    given = given.replace("state", "hop_s: 0.8, kind: crnn, state")
    assert read(tmp_path, VALID.replace("checkpoint: CHECKPOINT", f"checkpoint: {card}, {given}")).recognizers


@pytest.mark.parametrize("given", ["hop_s: 1e-9", "hop_s: 5E3", "abstain_below: 1e300", "abstain_below: -1.5e3"])
def test_a_number_that_yaml_reads_as_text_is_told_how_it_is_written(tmp_path: Path, given: str) -> None:
    (mistake,) = mistakes(tmp_path, VALID.replace("CHECKPOINT", f"CHECKPOINT, {given}"))
    assert mistake == (
        f"2: recognizers.cell.{given.split(':', maxsplit=1)[0]}: must be a number; YAML takes this for text: write a "
        "point and the sign of the exponent, e.g. 1.0e-9 or 2.0e+3"
    )


def test_a_measure_without_its_threshold_is_a_mistake(tmp_path: Path) -> None:
    given = VALID.replace("CHECKPOINT", "CHECKPOINT, abstain_by: energy")
    assert mistakes(tmp_path, given) == [
        "2: recognizers.cell: abstain_by needs abstain_below; give both, or leave it out"
    ]
    both = read(tmp_path, given.replace("abstain_by", "abstain_below: 4, abstain_by")).recognizers["cell"]
    assert (both.abstain_by, both.abstain_below) == ("energy", 4)


def test_a_stream_of_a_network_that_looks_ahead(tmp_path: Path) -> None:
    text = VALID.replace("CHECKPOINT", "CHECKPOINT, mode: stream")
    (mistake,) = mistakes(tmp_path, text)
    assert mistake.startswith("2: recognizers.cell.mode: stream needs a network that sees no later picture")
    assert "numbers: {causal: true}" in mistake


def with_san(folder: Path, more: str = "", **network: object) -> str:
    card = write_card(folder / "san.safetensors", kind="san", **network)
    return VALID.replace("checkpoint: CHECKPOINT", f"kind: san, checkpoint: {card}{more}")


def test_a_san_needs_the_networks_that_find_its_joints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (mistake,) = mistakes(tmp_path, with_san(tmp_path, layout="coco17", coordinates=2))
    expected = (
        f"the model pose is not there: {tmp_path}/takt/models/pose_landmarker_full.task; fetch it with `takt models"
    )
    assert mistake.startswith(f"2: recognizers.cell.pose_model: {expected}")
    (mistake,) = mistakes(tmp_path, with_san(tmp_path, ", pose_model: no.task", layout="hands21", coordinates=2))
    assert mistake.startswith("2: recognizers.cell.pose_model: no such file: no.task; check the path")
    write_bundle(tmp_path / "own.task")
    text = with_san(tmp_path, f", pose_model: {tmp_path}/own.task", layout="hands21", coordinates=2)
    assert read(tmp_path, text).recognizers["cell"].pose_model == tmp_path / "own.task"


def test_a_bundle_without_the_networks_of_these_joints_is_told_before_the_service_starts(tmp_path: Path) -> None:
    (tmp_path / "own.task").write_text("no zip")
    text = with_san(tmp_path, f", pose_model: {tmp_path}/own.task", layout="hands21", coordinates=2)
    (mistake,) = mistakes(tmp_path, text)
    assert mistake.startswith(f"2: recognizers.cell.pose_model: {tmp_path}/own.task is damaged or no bundle of")


def test_a_slowfast_actors_needs_the_network_that_finds_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    card = write_card(tmp_path / "actors.safetensors", kind="slowfast_actors")
    text = VALID.replace("checkpoint: CHECKPOINT", f"kind: slowfast_actors, checkpoint: {card}")
    (mistake,) = mistakes(tmp_path, text)
    expected = f"the model fastestdet is not there: {tmp_path}/takt/models/FastestDet.onnx; fetch it with `takt models"
    assert mistake.startswith(f"2: recognizers.cell.actor_model: {expected}")
    (tmp_path / "takt/models").mkdir(parents=True)
    (tmp_path / "takt/models/FastestDet.onnx").touch()
    assert read(tmp_path, text).recognizers["cell"].actor_model is None


@pytest.mark.parametrize(
    ("kind", "multilabel", "told"),
    [
        ("slowfast_actors", False, "a slowfast_actors scores each label by itself; the card must say multilabel: true"),
        ("crnn", True, "a crnn says one label at a time; the card must say multilabel: false"),
    ],
)
def test_a_card_of_labels_that_its_kind_cannot_say_is_told(
    tmp_path: Path, kind: str, multilabel: bool, told: str
) -> None:
    card = write_card(tmp_path / "own.safetensors", kind=kind, multilabel=multilabel)
    given = f"kind: {kind}" + (", actor_model: pyproject.toml" if kind == "slowfast_actors" else "")
    (mistake,) = mistakes(tmp_path, VALID.replace("checkpoint: CHECKPOINT", f"checkpoint: {card}, {given}"))
    assert mistake == f"2: recognizers.cell.checkpoint: {told}, or take another kind"


@pytest.mark.parametrize(
    ("given", "network", "told"),
    [
        (
            "kind: slowfast_actors, actor_model: pyproject.toml",
            {},
            "kind: needs onnxruntime, which is not installed; pip install 'taktstream[actors]'",
        ),
        (
            "kind: san, pose_model: BUNDLE",
            {"layout": "coco17", "coordinates": 2},
            "kind: needs ai_edge_litert, which is not installed; pip install 'taktstream[pose]'",
        ),
        (
            "kind: two_stream",
            {"flow": "dis_fast"},
            "checkpoint: needs cv2, which is not installed; pip install 'taktstream[flow]'",
        ),
        ("kind: two_stream", {"flow": "rgb_difference"}, None),
        (
            "kind: i3d, runtime: openvino",
            {},
            "runtime: needs openvino, which is not installed; pip install 'taktstream[openvino]'",
        ),
        ("kind: i3d, runtime: auto", {}, None),
    ],
    ids=["actors", "joints", "flow", "differences", "openvino", "auto"],
)
def test_a_library_that_is_not_installed_is_told_before_the_service_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, network: dict[str, object], told: str | None
) -> None:
    for module in ("onnxruntime", "ai_edge_litert", "cv2", "openvino"):
        monkeypatch.setitem(sys.modules, module, None)
    kind = given.split(",", maxsplit=1)[0].removeprefix("kind: ")
    card = write_card(tmp_path / "own.safetensors", kind=kind, **network)
    given = given.replace("BUNDLE", str(write_bundle(tmp_path / "own.task")))
    text = VALID.replace("checkpoint: CHECKPOINT", f"checkpoint: {card}, {given}")
    if told is None:
        assert read(tmp_path, text).recognizers["cell"].kind == kind
    else:
        assert mistakes(tmp_path, text) == [f"2: recognizers.cell.{told}"]


def test_a_san_of_joints_that_nothing_finds_is_told_which_are_found(tmp_path: Path) -> None:
    (mistake,) = mistakes(tmp_path, with_san(tmp_path, layout="kinect20", coordinates=3))
    assert mistake == (
        "2: recognizers.cell.checkpoint: the network looks at kinect20 in 3 dimensions, which nothing finds in "
        "pictures; found are, in 2: coco17 (people), mediapipe33 (people), hands21 (hands); train on one of these"
    )


def test_a_duplicate_stream_and_a_file_that_is_not_there(tmp_path: Path) -> None:
    more = "  - {id: cell-4, source: {kind: file, path: film.mp4}, watches: [{id: a, recognizer: cell}]}\n"
    assert mistakes(tmp_path, VALID + more) == [
        "8: streams.1.id: is used already in line 4; ids are unique",
        f"8: streams.1.source.path: no such file: film.mp4; check the path (relative to {Path.cwd()})",
    ]


def test_sections_of_the_wrong_shape_hide_no_other_mistake(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "streams: {a: {id: 1}}\nrecognizers: [a]\nlog: 1\n") == [
        "1: streams: must be a list",
        "2: recognizers: must be a mapping (`key: value`)",
        f"3: log: {SECTION}",
    ]


def test_a_checkpoint_must_be_of_the_kind_that_is_asked_for(tmp_path: Path) -> None:
    other = write_card(tmp_path / "other.safetensors", kind="flow")
    (mistake,) = mistakes(tmp_path, VALID.replace("CHECKPOINT", str(other)))
    assert mistake == "2: recognizers.cell.checkpoint: is a checkpoint of kind flow; give the right file or kind"


@pytest.mark.parametrize(("content", "told"), [(b"PK\x03\x04 torch.save", "is a pickle"), (b"a film", "is damaged")])
def test_a_file_that_is_no_checkpoint_is_named(tmp_path: Path, content: bytes, told: str) -> None:
    wrong = tmp_path / "wrong.pt"
    wrong.write_bytes(content)
    (mistake,) = mistakes(tmp_path, VALID.replace("CHECKPOINT", str(wrong)))
    assert mistake.startswith(f"2: recognizers.cell.checkpoint: {wrong} {told}")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    binary = tmp_path / "film.mp4"
    binary.write_bytes(b"\x80\x81\x82")
    for file, told in [
        (tmp_path / "nowhere.yaml", "cannot be read (No such file or directory); give the path of a YAML file"),
        (tmp_path, "cannot be read (Is a directory); give the path of a YAML file"),
        (binary, "is not text in UTF-8; give a YAML file"),
    ]:
        with pytest.raises(ConfigError) as caught:
            load(file, {})
        assert caught.value.problems == (f"{file}:1: configuration: {told}",)
