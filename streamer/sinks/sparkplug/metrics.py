"""What a stream tells as metrics: each with its name, its type and where its value stands in a document. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from streamer.event import Verdict
from streamer.sinks.sparkplug.payload import DataType, Value
from streamer.sinks.station import Station

Document = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Definition:
    """One metric of a device."""

    name: str
    """Levels are divided by a slash: hosts show folders."""
    type: DataType
    topic: str
    """The retained document that holds it, e.g. `cell-4/bench/state`."""
    path: tuple[str, ...]
    """Keys, from the document down."""
    missing: Value = None
    """What it is where the document does not say."""

    def value(self, document: Document) -> Value:
        found: object = document
        for key in self.path:
            found = found.get(key) if isinstance(found, Mapping) else None
        if found is None:
            return self.missing
        if self.type is DataType.DOUBLE and isinstance(found, int | float):
            return float(found)
        return found if isinstance(found, bool | int | float | str) else self.missing


def definitions(stream: str, stations: Iterable[Station]) -> tuple[Definition, ...]:
    """Every metric that a device will ever report while its watches stay the same."""
    status = f"{stream}/status"
    return (
        Definition("Status", DataType.STRING, status, ("status",)),
        Definition("Reason", DataType.STRING, status, ("reason",)),
        *(one for station in stations for one in _watch(station)),
    )


def _watch(station: Station) -> Iterator[Definition]:
    state, andon = (f"{station.stream}/{station.watch}/{name}" for name in ("state", "andon"))
    watch = station.watch
    yield Definition(f"{watch}/Action", DataType.STRING, state, ("action", "action"), "")
    yield Definition(f"{watch}/Open", DataType.INT32, state, ("open_count",), 0)
    for action in station.actions:
        yield Definition(f"{watch}/Count/{action}", DataType.INT64, state, ("counts", "actions", action), 0)
    yield Definition(f"{watch}/Andon/Colour", DataType.STRING, andon, ("colour",))
    yield Definition(f"{watch}/Andon/Reason", DataType.STRING, andon, ("reason",))
    yield Definition(f"{watch}/Andon/Acknowledged", DataType.BOOLEAN, andon, ("acknowledged",), False)
    if station.follows:
        yield Definition(f"{watch}/Cycle/Unit", DataType.STRING, state, ("cycle", "unit_id"))
        for name, key in (("Took s", "took_s"), ("Takt s", "takt_s"), ("Deviation s", "deviation_s")):
            yield Definition(f"{watch}/Last cycle/{name}", DataType.DOUBLE, state, ("last_cycle", key))
        for phase in ("completed", "abandoned"):
            yield Definition(f"{watch}/Cycles/{phase}", DataType.INT64, state, ("counts", "cycles", phase), 0)
        for verdict in Verdict:
            yield Definition(f"{watch}/Steps/{verdict}", DataType.INT64, state, ("counts", "verdicts", verdict), 0)
