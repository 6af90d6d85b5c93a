"""What Home Assistant shows of a watch, one component each: platform, topics, templates. Pure.

Keys, abbreviations and platforms are those of Home Assistant's documentation of MQTT discovery and of the platforms
`event`, `binary_sensor`, `sensor` and `button`. Templates read the documents of docs/mqtt.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from streamer.event import CyclePhase, Phase, Verdict
from streamer.home_assistant.names import quoted, slug
from streamer.sinks.station import Station

Component = dict[str, object]
MOST_ACTIONS = 30
"""Of a watch with more labels, what people do is shown by one sensor and one event alone, not by two more each."""
NOTHING = "nothing"
"""The current action, where there is none."""
COLOURS = ("green", "amber", "red")


@dataclass(frozen=True, slots=True)
class Topics:
    """Where things are published."""

    prefix: str
    service: str
    """Where the service says that it is there, whole."""
    enveloped: bool = False
    """Whether events are CloudEvents."""
    acknowledge: bool = False
    """Whether lamps can be acknowledged."""
    prefixes: Mapping[str, str] = field(default_factory=dict)
    """Of streams that have another, by stream."""

    def of(self, station: Station, document: str) -> str:
        return self.of_stream(station, f"{station.watch}/{document}")

    def of_stream(self, station: Station, name: str) -> str:
        return f"{self.prefix_of(station)}/{station.stream}/{name}"

    def prefix_of(self, station: Station) -> str:
        return self.prefixes.get(station.stream, self.prefix)


def components(station: Station, topics: Topics) -> Iterator[tuple[str, Component]]:
    """Each with a key that stays the same for as long as there is such a thing."""
    named = len(station.actions) <= MOST_ACTIONS
    yield "action", _current(station, topics, named)
    yield "actions", _actions(station, topics, named)
    yield "andon", _andon(station, topics)
    if topics.acknowledge:
        yield "acknowledge", _acknowledge(station, topics)
    yield "camera", _camera(station, topics)
    if named:
        for action in station.actions:
            yield f"doing_{slug(action)}", _doing(action, station, topics)
            yield f"count_{slug(action)}", _counted(action, station, topics)
    if station.follows:
        yield from _work(station, topics)


def _current(station: Station, topics: Topics, named: bool) -> Component:
    options = [*dict.fromkeys([*station.actions, NOTHING])]
    return {
        "p": "sensor",
        "name": "Current action",
        "stat_t": topics.of(station, "state"),
        "val_tpl": "{{ value_json.action.action if value_json.action else " + quoted(NOTHING) + " }}",
        "json_attr_t": topics.of(station, "state"),
        "json_attr_tpl": "{{ (value_json.action or {}) | tojson }}",
        **({"dev_cla": "enum", "ops": options} if named else {}),
    }


def _actions(station: Station, topics: Topics, named: bool) -> Component:
    """`event_type` is what happened: `tighten started`; with too many actions to name, `started`."""
    kind = 'e.action ~ " " ~ e.phase' if named else "e.phase"
    types = [f"{action} {phase}" for action in station.actions for phase in Phase] if named else [*map(str, Phase)]
    return _event("Action", "events", kind, types, station, topics)


def _andon(station: Station, topics: Topics) -> Component:
    return {
        "p": "sensor",
        "name": "Andon",
        "stat_t": topics.of(station, "andon"),
        "val_tpl": "{{ value_json.colour }}",
        "json_attr_t": topics.of(station, "andon"),
        "dev_cla": "enum",
        "ops": [*COLOURS],
    }


def _acknowledge(station: Station, topics: Topics) -> Component:
    return {
        "p": "button",
        "name": "Acknowledge",
        "cmd_t": topics.of(station, "andon/ack"),
        "pl_prs": '{"by":"Home Assistant"}',
    }


def _camera(station: Station, topics: Topics) -> Component:
    """The only one that is there while the stream is not: it says so."""
    return {
        "p": "binary_sensor",
        "name": "Camera",
        "stat_t": topics.of_stream(station, "status"),
        "val_tpl": "{{ 'ON' if value_json.status == 'online' else 'OFF' }}",
        "json_attr_t": topics.of_stream(station, "status"),
        "dev_cla": "connectivity",
        "ent_cat": "diagnostic",
        "avty": [{"t": topics.service}],
    }


def _doing(action: str, station: Station, topics: Topics) -> Component:
    goes_on = f"{quoted(action)} in value_json.open | map(attribute='action') | list"
    return {
        "p": "binary_sensor",
        "name": action,
        "stat_t": topics.of(station, "state"),
        "val_tpl": "{{ 'ON' if " + goes_on + " else 'OFF' }}",
        "dev_cla": "running",
    }


def _counted(action: str, station: Station, topics: Topics) -> Component:
    count = f"value_json.counts.actions[{quoted(action)}] | default(0)"
    return _total(f"{action} count", count, station, topics)


def _work(station: Station, topics: Topics) -> Iterator[tuple[str, Component]]:
    yield "steps", _event("Step", "steps", "e.verdict", map(str, Verdict), station, topics)
    yield "cycles", _event("Cycle", "cycles", "e.phase", map(str, CyclePhase), station, topics)
    yield (
        "unit",
        {
            "p": "sensor",
            "name": "Unit",
            "stat_t": topics.of(station, "state"),
            "val_tpl": "{{ value_json.cycle.unit_id | default(None) if value_json.cycle else None }}",
            "json_attr_t": topics.of(station, "state"),
            "json_attr_tpl": "{{ (value_json.cycle or {}) | tojson }}",
        },
    )
    yield "cycle_time", _seconds("Cycle time", "took_s", station, topics)
    yield "takt_deviation", _seconds("Takt deviation", "deviation_s", station, topics)
    done = "value_json.counts.cycles.completed | default(0)"
    yield "units_completed", _total("Units completed", done, station, topics)
    missed = "value_json.counts.verdicts.missed | default(0)"
    yield "steps_missed", _total("Steps missed", missed, station, topics)


def _event(name: str, topic: str, kind: str, types: Iterable[str], station: Station, topics: Topics) -> Component:
    """All fields of the message become attributes. What another watch says renders to nothing, which is ignored."""
    body = "value_json.data" if topics.enveloped else "value_json"
    ours = f"{{% set e = {body} %}}{{% if e.watch == {quoted(station.watch)} %}}"
    return {
        "p": "event",
        "name": name,
        "stat_t": topics.of_stream(station, topic),
        "val_tpl": ours + "{{ dict(e, event_type=" + kind + ") | tojson }}{% endif %}",
        "evt_typ": [*types],
    }


def _seconds(name: str, field: str, station: Station, topics: Topics) -> Component:
    """Of the last unit; None, which Home Assistant shows as unknown, before there is one."""
    last = f"value_json.last_cycle.{field} | default(None) if value_json.last_cycle else None"
    return {
        "p": "sensor",
        "name": name,
        "stat_t": topics.of(station, "state"),
        "val_tpl": "{{ " + last + " }}",
        "dev_cla": "duration",
        "stat_cla": "measurement",
        "unit_of_meas": "s",
    }


def _total(name: str, value: str, station: Station, topics: Topics) -> Component:
    """Counted since the service began; Home Assistant knows that totals begin at nothing again."""
    return {
        "p": "sensor",
        "name": name,
        "stat_t": topics.of(station, "state"),
        "val_tpl": "{{ " + value + " }}",
        "stat_cla": "total_increasing",
    }


def availability(station: Station, topics: Topics) -> Mapping[str, object]:
    """There while both the service and the stream are."""
    stream = "{{ 'offline' if value_json.status == 'offline' else 'online' }}"
    return {
        "avty": [{"t": topics.service}, {"t": topics.of_stream(station, "status"), "val_tpl": stream}],
        "avty_mode": "all",
    }
