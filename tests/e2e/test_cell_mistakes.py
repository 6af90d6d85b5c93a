"""From pixels over RTSP to verdicts over MQTT: mistakes are told, what a failing camera cannot see is not missed."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from benchmarks.procedures import figures, sessions
from tests.e2e.cell import Outage, Session, procedure, watched
from tests.e2e.consumer import Body, Consumer
from tests.e2e.mosquitto import Mosquitto

pytestmark = pytest.mark.e2e
FOLDER = Path(__file__).parents[2] / "config" / "schema"
SCHEMAS = {name: json.loads((FOLDER / f"{name}.v1.json").read_text()) for name in ("step", "cycle")}


def assert_lawful(bodies: list[Body]) -> None:
    """Messages are valid, every unit that begins ends once, and verdicts belong to one."""
    open_: set[str] = set()
    for body in bodies:
        jsonschema.validate(body, SCHEMAS[body["type"]])
        if body["type"] == "step":
            assert body["cycle_id"] in open_
        elif body["phase"] == "started":
            open_.add(body["cycle_id"])
        else:
            open_.remove(body["cycle_id"])
    assert not open_


@pytest.mark.timeout(240)
async def test_mistakes_are_told_and_what_is_not_seen_is_inconclusive(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    session = Session("cell", 4, ["missed", "none", "none"], [Outage(1, 3, 3, "down"), Outage(2, 1, 2, "dark")])
    told = (await watched(tmp_path, broker.port, consumer, [session]))["cell"]

    assert_lawful(told)
    score = session.score(procedure(), told)
    print(score)
    assert session.wrongly_missed(told) == []
    assert session.named(told)[0] == {"SN-0"}
    assert {body["work_order"] for body in told if body.get("unit_id")} == {"7"}
    assert [body["verdict"] for body in told if body["type"] == "step"].count("missed") == 1
    assert "inconclusive" in {body.get("verdict") for body in told}
    # A starved camera leaves pictures out; see the long run for what is right on the whole.
    assert score.share >= 0.8


@pytest.mark.full
@pytest.mark.timeout(900)
async def test_of_many_units_nearly_all_verdicts_are_right(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    benches = sessions([4, 9])
    told = await watched(tmp_path, broker.port, consumer, benches)

    for bodies in told.values():
        assert_lawful(bodies)
    found = figures(benches, told)
    print(found)
    assert found["missed_in_outages"] == 0
    assert found["share"] >= 0.95, found
