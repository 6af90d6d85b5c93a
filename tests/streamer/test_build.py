"""Which section becomes what."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from recognizers.card import Abstain
from recognizers.checkpoint import with_card
from recognizers.clip import Region
from recognizers.identity import identity
from recognizers.runtimes.averaged import AveragedRecognizer
from recognizers.runtimes.carried import CarriedRecognizer
from recognizers.runtimes.skeletal import SkeletalRecognizer
from recognizers.runtimes.windowed import WindowedRecognizer
from streamer.build import (
    address_of,
    build_models,
    build_plan,
    build_watches,
)
from streamer.clock import SystemClock
from streamer.errors import ConfigError
from streamer.metrics import Metrics
from streamer.segmenter import Decoding, EventRule
from streamer.segmenter.made import event_rule
from streamer.settings import Rule, Settings, load
from streamer.sinks.jsonl_file import JsonLinesFile
from streamer.sinks.webhook import WebhookSink
from streamer.testing.messages import message
from tests.recognizers.joints import POSE, needs_models
from tests.recognizers.pictures import CRNN, write
from tests.recognizers.skeletons import write_random_san
from tests.streamer.plants import AT_ONCE, write_plant

CAMERA = '{kind: rtsp, url: "rtsp://me:word@cam/main", transport: udp, max_pixels: 99, tls_verify: false}'


def settings(folder: Path, more: str = "") -> Settings:
    return load(write_plant(folder, {"cam": CAMERA, "two": CAMERA}, more), {})


def test_a_plan_holds_what_the_settings_say(tmp_path: Path) -> None:
    more = "outbox: {budget_mib: 3}\nengine: {batch: 5, deadline_s: 0.1}\nshutdown: {grace_s: 2}\n"
    plan = build_plan(settings(tmp_path, more), SystemClock(), Metrics())
    assert [stream.id for stream in plan.streams] == ["cam", "two"]
    assert (plan.outbox.budget_bytes, plan.batch, plan.deadline_s, plan.grace_s) == (3 << 20, 5, 0.1, 2)
    assert plan.outbox.folder == tmp_path / "data" / "outbox" / "0"
    assert list(plan.models) == ["light"]


def test_each_sink_gets_the_streams_and_classes_of_its_section(tmp_path: Path) -> None:
    more = f"""\
sinks:
  - {{kind: jsonl, id: lines, file: {tmp_path}/events.jsonl, streams: [cam]}}
  - {{kind: webhook, id: hook, url: "https://mes/", classes: [step]}}
outbox: {{keep_h: 2, replay_s: 30}}
"""
    plan = build_plan(settings(tmp_path, more), SystemClock(), Metrics()).outbox
    kinds = [(recipient.name, type(sink)) for recipient, sink in plan.others]
    assert kinds == [("lines", JsonLinesFile), ("hook", WebhookSink)]
    lines, hook = (recipient for recipient, _ in plan.others)
    assert [lines.wants(message(stream)) for stream in ("cam", "two")] == [True, False]
    assert [hook.wants(replace(message(), cls=cls)) for cls in ("action", "step")] == [False, True]
    assert (plan.keep_s, plan.replay_s) == (7200, 30)


def test_a_source_is_opened_as_its_section_says(tmp_path: Path) -> None:
    address = address_of(settings(tmp_path).streams[0].source)
    assert (address.url, address.transport, address.max_pixels) == ("rtsp://me:word@cam/main", "udp", 99)
    assert (address.tls_verify, address.pace) == (False, "live")
    assert "word" not in repr(address)


def test_a_recognizer_abstains_as_its_section_says(tmp_path: Path) -> None:
    file = write_plant(tmp_path, {"cam": CAMERA})
    text = file.read_text()
    said = []
    for more in ("", ", abstain_below: 9.5", ", abstain_below: -2, abstain_by: energy"):
        file.write_text(text.replace("light.safetensors", f"light.safetensors{more}"))
        (light,) = build_models(load(file, {})).values()
        assert isinstance(light.recognizer, WindowedRecognizer)
        said.append(light.recognizer._card.abstain)

    assert said == [None, Abstain("max_logit", 9.5), Abstain("energy", -2.0)]


def test_a_watch_looks_as_its_recognizer_wants(tmp_path: Path) -> None:
    text = write_plant(tmp_path, {"cam": CAMERA}).read_text()
    text = text.replace("id: bench,", "id: bench, region: [0, 0, 0.5, 1], min_coverage: 0.5,")
    (tmp_path / "plant.yaml").write_text(text.replace("light.safetensors", "light.safetensors, hop_s: 0.3"))
    one = load(tmp_path / "plant.yaml", {})
    models = build_models(one)
    (watch,) = build_watches(one.streams[0], models)
    assert (watch.region, watch.min_coverage) == (Region(0, 0, 0.5, 1), 0.5)
    assert watch.spec == models["light"].recognizer.spec
    assert watch.model == models["light"].id == identity(tmp_path / "light.safetensors")
    assert watch.spec.hop_s == 0.3
    assert (watch.labels, watch.background) == (("dark", "bright"), "dark")
    assert (watch.rules["default"].smooth_s, watch.rules["default"].on) == (0, 0.6)


def test_a_recognizer_is_run_as_its_section_says(tmp_path: Path) -> None:
    text = write_plant(tmp_path, {"cam": CAMERA}).read_text()
    network = write(tmp_path / "crnn.safetensors", "crnn", CRNN)
    text = re.sub(r"checkpoint: \S+?safetensors", f"kind: crnn, state: carried, checkpoint: {network}", text)
    (tmp_path / "plant.yaml").write_text(text)
    assert isinstance(build_models(load(tmp_path / "plant.yaml", {}))["light"].recognizer, CarriedRecognizer)
    (tmp_path / "plant.yaml").write_text(text.replace("kind: crnn", "kind: crnn, average_clips: 2"))
    assert isinstance(build_models(load(tmp_path / "plant.yaml", {}))["light"].recognizer, AveragedRecognizer)


def test_a_recognizer_that_follows_a_stream_asks_for_each_picture_once(tmp_path: Path) -> None:
    settings = load(write_plant(tmp_path, {"cam": CAMERA}, mode="delayed"), {})
    spec = build_models(settings)["light"].recognizer.spec
    assert (spec.continual, spec.pictures, spec.late) == (True, 2, 14)


@needs_models
def test_a_san_finds_joints_by_the_networks_that_its_section_names(tmp_path: Path) -> None:
    text = write_plant(tmp_path, {"cam": CAMERA}).read_text()
    network = write_random_san(tmp_path / "san.safetensors")
    text = re.sub(r"checkpoint: \S+?safetensors", f"kind: san, pose_model: {POSE}, checkpoint: {network}", text)
    (tmp_path / "plant.yaml").write_text(text)
    models = build_models(one := load(tmp_path / "plant.yaml", {}))
    assert isinstance(models["light"].recognizer, SkeletalRecognizer)
    (watch,) = build_watches(one.streams[0], models)
    assert not watch.spec.square


def test_without_rules_a_watch_has_those_of_the_reference(tmp_path: Path) -> None:
    """And a segmenter that is given none, too."""
    text = write_plant(tmp_path, {"cam": CAMERA}).read_text()
    (tmp_path / "plant.yaml").write_text(text.replace(f", {AT_ONCE}", ""))
    one = load(tmp_path / "plant.yaml", {})
    (watch,) = build_watches(one.streams[0], build_models(one))
    assert watch.rules == {"default": event_rule(Rule())} == {"default": EventRule()}


def test_what_the_checkpoint_says_of_an_action_counts_where_the_configuration_says_nothing(tmp_path: Path) -> None:
    text = write_plant(tmp_path, {"cam": CAMERA}).read_text()
    with_card(*[tmp_path / "light.safetensors"] * 2, lambda card: replace(card, thresholds={"bright": 0.3}))
    said = {}
    for events in (
        "",
        "events: {default: {dwell_s: 1}}",
        "events: {default: {on: 0.7}}",
        "events: {bright: {on: 0.7}}",
    ):
        (tmp_path / "plant.yaml").write_text(text.replace(AT_ONCE, events))
        one = load(tmp_path / "plant.yaml", {})
        (watch,) = build_watches(one.streams[0], build_models(one))
        rule = watch.in_force.get("bright", watch.in_force["default"])
        said[events] = (rule.on, rule.off, rule.dwell_s)
    assert list(said.values()) == [(0.3, 0.3, 0.0), (0.3, 0.3, 1.0), (0.7, 0.4, 0.0), (0.7, 0.4, 0.0)]


def test_a_recording_that_is_read_as_fast_as_possible_loses_nothing(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.touch()
    source = f"{{kind: file, path: {film}, pace: PACE}}"
    streams = {pace: source.replace("PACE", pace) for pace in ("fast", "live")} | {"cam": CAMERA}
    plan = build_plan(load(write_plant(tmp_path, streams), {}), SystemClock(), Metrics())
    assert {stream.id: stream.loss_free for stream in plan.streams} == {"fast": True, "live": False, "cam": False}


def test_only_recognizers_that_a_watch_uses_are_loaded(tmp_path: Path) -> None:
    text = write_plant(tmp_path, {"cam": CAMERA}).read_text()
    text = text.replace("recognizers: {", f"recognizers: {{idle: {{checkpoint: {tmp_path}/light.safetensors}}, ")
    (tmp_path / "plant.yaml").write_text(text)
    assert list(build_models(load(tmp_path / "plant.yaml", {}))) == ["light"]


def test_a_checkpoint_that_changed_since_the_check_is_told(tmp_path: Path) -> None:
    one = settings(tmp_path)
    (tmp_path / "light.safetensors").write_bytes(b"PK\x03\x04")
    with pytest.raises(ConfigError, match=r"recognizers\.light: .* is a pickle"):
        build_models(one)


def test_a_watch_has_the_rules_of_its_section(tmp_path: Path) -> None:
    text = write_plant(tmp_path, {"cam": CAMERA}).read_text()
    rule = "events: {default: {min_s: 1, merge_s: 2, max_s: 60}}"
    (tmp_path / "plant.yaml").write_text(text.replace(AT_ONCE, rule))
    one = load(tmp_path / "plant.yaml", {})
    (watch,) = build_watches(one.streams[0], build_models(one))
    assert watch.rules["default"] == EventRule(min_s=1.0, merge_s=2.0, max_s=60.0)
    assert watch.decoding is None

    (tmp_path / "plant.yaml").write_text(text.replace(AT_ONCE, "decode: {lag_s: 1, looks_per_s: 4}"))
    one = load(tmp_path / "plant.yaml", {})
    (watch,) = build_watches(one.streams[0], build_models(one))
    assert watch.decoding == Decoding(watch.spec.hop_s, lag_s=1.0, looks_per_s=4.0)
