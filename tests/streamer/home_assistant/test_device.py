"""Devices, judged by what Home Assistant documents and rendered over messages of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.sandbox import ImmutableSandboxedEnvironment

from streamer.event import CyclePhase, Phase, Verdict
from streamer.home_assistant.components import MOST_ACTIONS, NOTHING, Topics
from streamer.home_assistant.device import Device, device
from streamer.home_assistant.names import slug
from streamer.settings.places import wrong_prefix
from streamer.showing import acknowledgement
from streamer.sinks.encoding import PLAIN, cloudevents
from streamer.sinks.station import Station
from streamer.testing.messages import action_event, cycle_event, step_event
from streamer.wire import Message, action_message, cycle_message, step_message
from tests.streamer.home_assistant.documented import faults

BENCH = Station("cam", "bench", ("pick", "tighten"), follows=True)
TOPICS = Topics("takt", "takt/service/line1/status", acknowledge=True)
ENVELOPED = replace(TOPICS, enveloped=True)
STATE: dict[str, Any] = {
    "schema": "takt.state.v1",
    "stream": "cam",
    "watch": "bench",
    "at": "2026-03-02T08:15:05.010Z",
    "action": {"action": "tighten", "action_id": "0d5b4f0e", "since": "2026-03-02T08:15:04.250Z", "score": 0.83},
    "open": [{"action": "tighten", "action_id": "0d5b4f0e", "since": "2026-03-02T08:15:04.250Z", "score": 0.83}],
    "open_count": 1,
    "counts": {"actions": {"tighten": 7}, "cycles": {"completed": 3, "abandoned": 1}, "verdicts": {"missed": 2}},
    "cycle": {"cycle_id": "c1", "procedure": "gearbox", "unit_id": "SN-0042", "elapsed_s": 4.0},
    "last_cycle": {"cycle_id": "c0", "procedure": "gearbox", "took_s": 61.25, "deviation_s": -1.5, "left": []},
}
QUIET = {
    **STATE,
    "action": None,
    "open": [],
    "open_count": 0,
    "cycle": None,
    "last_cycle": None,
    "counts": {"actions": {}, "cycles": {}, "verdicts": {}},
}
ANDON = {"schema": "takt.andon.v1", "colour": "red", "reason": "missed", "calls": 1}


def shown(station: Station = BENCH, topics: Topics = TOPICS) -> Device:
    return device(station, topics, "1.2.3")


def component(key: str, station: Station = BENCH, topics: Topics = TOPICS) -> dict[str, Any]:
    found: dict[str, Any] = dict(shown(station, topics).payload["cmps"][key])  # type: ignore[index]
    return found


def rendered(template: str, payload: bytes | Mapping[str, Any]) -> str:
    """As Home Assistant does: with `value`, and `value_json` where it is JSON."""
    text = payload.decode() if isinstance(payload, bytes) else json.dumps(payload)
    jinja = ImmutableSandboxedEnvironment().from_string(template)
    return jinja.render(value=text, value_json=json.loads(text)).strip()


@pytest.mark.parametrize("follows", [True, False], ids=["procedure", "no procedure"])
@pytest.mark.parametrize("topics", [TOPICS, ENVELOPED], ids=["plain", "cloudevents"])
@pytest.mark.parametrize("count", [1, MOST_ACTIONS, MOST_ACTIONS + 1, 400])
def test_every_message_holds_only_what_is_documented(count: int, topics: Topics, follows: bool) -> None:
    one = shown(Station("cam", "bench", tuple(f"do {n}" for n in range(count)), follows), topics)

    assert list(faults(f"homeassistant/{one.topic}", one.payload)) == []
    assert json.loads(json.dumps(one.payload)) == one.payload


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("stat_top", "takt/x", "action: unknown key stat_top"),
        ("dev_cla", "length", "action: device class length"),
        ("stat_t", None, "action: no state_topic"),
        ("uniq_id", "takt_cam_bench_andon", "andon: unique_id takt_cam_bench_andon twice"),
        ("p", "sensors", "action: platform sensors"),
        ("unit_of_meas", "s", "action: options are for enums, without unit and state class, and there is one at least"),
    ],
)
def test_the_judge_finds_what_is_not_documented(key: str, value: str | None, fault: str) -> None:
    payload = json.loads(json.dumps(shown().payload))
    payload["cmps"]["action"][key] = value
    if value is None:
        del payload["cmps"]["action"][key]

    assert fault in list(faults("homeassistant/device/x/config", payload))


@given(st.lists(st.text(min_size=1, max_size=60), unique=True, min_size=1, max_size=8))
def test_whatever_actions_are_called_each_has_its_own_ids_and_templates(
    actions: list[str],
) -> None:
    station = Station("cam", "bench", tuple(actions))
    one = shown(station)

    assert list(faults(f"homeassistant/{one.topic}", one.payload)) == []
    for action in actions:
        going_on = {**STATE, "open": [{"action": action}], "counts": {"actions": {action: 3}}}
        assert rendered(component(f"doing_{slug(action)}", station)["val_tpl"], going_on) == "ON"
        assert rendered(component(f"count_{slug(action)}", station)["val_tpl"], going_on) == "3"
        assert rendered(component(f"doing_{slug(action)}", station)["val_tpl"], QUIET) == "OFF"


@given(
    prefix=st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1).filter(
        lambda one: not wrong_prefix(one)
    ),
    watch=st.from_regex(r"[a-z0-9][a-z0-9-]*", fullmatch=True),
)
def test_the_topic_is_one_that_home_assistant_reads(prefix: str, watch: str) -> None:
    one = shown(replace(BENCH, watch=watch), replace(TOPICS, prefix=prefix))
    assert list(faults(f"homeassistant/{one.topic}", one.payload)) == []


def test_ids_depend_on_prefix_stream_and_watch_alone() -> None:
    again = device(replace(BENCH, actions=("pick", "tighten", "clean"), follows=False), ENVELOPED, "9.9")
    for key, one in again.payload["cmps"].items():  # type: ignore[attr-defined]
        if key in shown().platforms:
            assert one["uniq_id"] == component(key)["uniq_id"]
    assert again.topic == shown().topic == "device/takt_cam_bench/config"
    assert (
        shown(topics=replace(TOPICS, prefix="plant/line")).topic
        != shown(topics=replace(TOPICS, prefix="plant_line")).topic
    )


def test_a_stream_that_has_another_prefix_is_another_device_and_its_topics_begin_with_it() -> None:
    topics = replace(TOPICS, prefixes={"cam": "plant/hall/takt"})
    one = shown(topics=topics)

    assert one.topic != shown().topic
    shown_there = [component(key, topics=topics) for key in one.platforms]
    found = {str(entity.get("stat_t") or entity["cmd_t"]) for entity in shown_there}
    assert found
    assert all(topic.startswith("plant/hall/takt/cam/") for topic in found)
    assert one.payload["avty"][1]["t"] == "plant/hall/takt/cam/status"  # type: ignore[index]


WRITTEN = {
    "events": [action_message(action_event(phase=phase), "rtcp") for phase in Phase],
    "steps": [step_message(step_event(verdict=verdict), "rtcp") for verdict in Verdict],
    "cycles": [cycle_message(cycle_event(phase=phase), "rtcp") for phase in CyclePhase],
}


@pytest.mark.parametrize(
    ("key", "one"),
    [(key, one) for key, all_ in WRITTEN.items() for one in all_],
    ids=lambda value: str(getattr(value, "topic", value)),
)
@pytest.mark.parametrize(
    ("topics", "encoding"), [(TOPICS, PLAIN), (ENVELOPED, cloudevents("x"))], ids=["plain", "cloudevents"]
)
@pytest.mark.parametrize("actions", [("pick", "tighten"), tuple(map(str, range(99)))], ids=["few", "many"])
def test_an_event_has_one_of_the_types_that_were_told_and_all_fields(
    key: str, one: Message, topics: Topics, encoding: Any, actions: tuple[str, ...]
) -> None:
    entity = component("actions" if key == "events" else key, replace(BENCH, actions=actions), topics)
    assert entity["stat_t"] == f"takt/{one.topic}"

    event = json.loads(rendered(entity["val_tpl"], encoding.write(one)))

    assert event.pop("event_type") in entity["evt_typ"]
    assert event == {**json.loads(json.dumps(one.body)), "seq": 0, "term": 0}


def test_the_type_of_an_event_names_the_action() -> None:
    started = PLAIN.write(action_message(action_event(), "rtcp"))
    assert json.loads(rendered(component("actions")["val_tpl"], started))["event_type"] == "tighten started"


def test_what_another_watch_says_is_nothing() -> None:
    other = replace(BENCH, watch="shelf")
    assert rendered(component("actions", other)["val_tpl"], PLAIN.write(action_message(action_event(), "rtcp"))) == ""


@pytest.mark.parametrize(
    ("key", "field", "busy", "quiet"),
    [
        ("action", "val_tpl", "tighten", NOTHING),
        ("doing_tighten", "val_tpl", "ON", "OFF"),
        ("doing_pick", "val_tpl", "OFF", "OFF"),
        ("count_tighten", "val_tpl", "7", "0"),
        ("count_pick", "val_tpl", "0", "0"),
        ("unit", "val_tpl", "SN-0042", "None"),
        ("cycle_time", "val_tpl", "61.25", "None"),
        ("takt_deviation", "val_tpl", "-1.5", "None"),
        ("units_completed", "val_tpl", "3", "0"),
        ("steps_missed", "val_tpl", "2", "0"),
    ],
)
def test_state_is_shown(key: str, field: str, busy: str, quiet: str) -> None:
    one = component(key)
    assert one["stat_t"] == "takt/cam/bench/state"
    assert (rendered(one[field], STATE), rendered(one[field], QUIET)) == (busy, quiet)


def test_attributes_are_objects_whether_there_is_something_or_not() -> None:
    for key, document in product(("action", "unit"), (STATE, QUIET)):
        assert isinstance(json.loads(rendered(component(key)["json_attr_tpl"], document)), dict)


def test_the_lamp_is_one_of_its_colours() -> None:
    one = component("andon")
    assert rendered(one["val_tpl"], ANDON) in one["ops"]
    assert (one["stat_t"], one["json_attr_t"]) == ("takt/cam/bench/andon", "takt/cam/bench/andon")


def test_the_lamp_can_be_acknowledged_where_that_is_listened_to() -> None:
    one = component("acknowledge")
    assert one["cmd_t"] == "takt/cam/bench/andon/ack"
    assert acknowledgement(one["pl_prs"].encode()) == ("Home Assistant", False)
    assert "acknowledge" not in shown(topics=replace(TOPICS, acknowledge=False)).platforms


@pytest.mark.parametrize(
    ("status", "there", "camera"),
    [("online", "online", "ON"), ("stalled", "online", "OFF"), ("offline", "offline", "OFF")],
)
def test_a_device_is_there_while_service_and_stream_are(status: str, there: str, camera: str) -> None:
    payload = shown().payload
    service, stream = payload["avty"]  # type: ignore[misc]
    assert (payload["avty_mode"], service) == ("all", {"t": "takt/service/line1/status"})
    assert stream["t"] == "takt/cam/status"  # type: ignore[index]
    assert rendered(stream["val_tpl"], {"status": status}) == there  # type: ignore[index]
    # The camera's own state is told for as long as the service is there.
    one = component("camera")
    assert (rendered(one["val_tpl"], {"status": status}), one["avty"]) == (camera, [service])


def test_the_current_action_is_one_of_the_options() -> None:
    assert component("action")["ops"] == ["pick", "tighten", NOTHING]
    assert component("action", replace(BENCH, actions=("pick", NOTHING)))["ops"] == ["pick", NOTHING]
