"""Every message of a monitor is valid under its published schema."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from jsonschema import Draft202012Validator

from streamer.event import Evidence, StepEvent
from streamer.procedure.graph import Procedure
from streamer.procedure.monitor import Told
from streamer.units import Named
from streamer.wire import envelope, message_of
from tests.streamer.procedure.test_monitor_laws import Happening, acted, happenings, procedures
from tests.streamer.procedure.work import Bench, chain

FOLDER = Path(__file__).parents[3] / "config" / "schema"
SCHEMAS = {name: json.loads((FOLDER / f"{name}.v1.json").read_text()) for name in ("step", "cycle")}
VALIDATORS = {
    name: Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for name, schema in SCHEMAS.items()
}


def validate(told: Told) -> dict[str, object]:
    message = message_of(told, "replay")
    body: dict[str, object] = json.loads(envelope(replace(message, seq=1, term=1)))
    VALIDATORS[str(body["type"])].validate(body)
    assert set(body) <= set(SCHEMAS[str(body["type"])]["properties"])
    return body


@given(procedures(), happenings)
@settings(max_examples=50, deadline=None)
def test_whatever_a_monitor_tells_is_valid(procedure: Procedure, what: list[Happening]) -> None:
    for schema in SCHEMAS.values():
        Draft202012Validator.check_schema(schema)
    assert all(validate(one) for one in acted(procedure, what))


def test_a_message_says_what_is_missing_and_how_long_it_took() -> None:
    bench = Bench(chain("a", "b", "c"))
    bench.monitor.named(Named("unit-7", "order-9"), -1)
    bench.row("ac")
    bodies = [validate(one) for one in bench.told]
    early = next(one for one in bodies if one.get("verdict") == "premature")
    assert (early["step"], early["missing"], early["probability"]) == ("c", ["b"], 0.5)
    assert (early["unit_id"], early["work_order"]) == ("unit-7", "order-9")
    end = bodies[-1]
    assert (end["phase"], end["left"], end["took_s"], end["takt_s"], end["deviation_s"]) == (
        "completed", ["b"], 5.0, 10, -5.0,
    )  # fmt: skip
    assert end["steps"] == [{"step": "a", "took_s": 2.0}, {"step": "c", "took_s": 2.0}]


def test_a_verdict_names_its_pictures_where_they_are_kept() -> None:
    bench = Bench(chain("a", "b"))
    bench.row("ab")
    done = next(one for one in bench.told if isinstance(one, StepEvent))
    assert "evidence" not in validate(done)
    shown = validate(replace(done, evidence=Evidence(1_700_000_000.0, "http://here/7.mp4", "http://here/7.jpg")))
    assert shown["evidence"] == {
        "clip": "http://here/7.mp4", "snapshot": "http://here/7.jpg", "ready_at": "2023-11-14T22:13:20.000Z",
    }  # fmt: skip
