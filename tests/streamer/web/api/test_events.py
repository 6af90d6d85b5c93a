"""What happened is asked for page by page, and is what was published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from streamer.event import Phase, Verdict
from streamer.testing.messages import action_event, cycle_end, cycle_start, step_event
from streamer.web import API
from streamer.wire import Message, action_message, cycle_message, envelope, step_message
from tests.schemas import validate
from tests.streamer.web.asgi import BEARER, ask
from tests.streamer.web.conftest import Served, Serving

READ = {"authorization": BEARER["read"]}


def published(count: int, stream: str = "cam") -> list[Message]:
    return [replace(action_message(action_event(stream, number=n), "rtcp"), seq=n + 1, term=7) for n in range(count)]


async def numbers(served: Served, query: str) -> list[int]:
    """Of events, by their `seq`."""
    answer = await ask(served.app, "GET", f"{API}/events?{query}", READ)
    return [event["body"]["seq"] for event in answer.json["events"]]


async def test_an_event_is_what_the_broker_got(serving: Serving) -> None:
    async with serving() as served:
        messages = published(1)
        served.plant.onlookers.stored(messages)
        answer = await ask(served.app, "GET", f"{API}/events", READ)
    (event,) = answer.json["events"]
    assert envelope(messages[0]) in answer.text
    validate(event["body"])
    assert event["at"] == 1_700_000_000.0


async def test_pages_follow_each_other_without_hole_or_copy(serving: Serving) -> None:
    async with serving() as served:
        served.plant.onlookers.stored(published(25))
        seen, query = [], "limit=10"
        while query:
            page = (await ask(served.app, "GET", f"{API}/events?{query}", READ)).json
            seen += [event["body"]["seq"] for event in page["events"]]
            query = f"limit=10&before={page['next']}" if page["next"] else ""
    assert seen == [*range(25, 0, -1)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("type=action", [3, 2, 1]),
        ("type=step,cycle", []),
        ("stream=cam", [3, 2, 1]),
        ("stream=other", []),
        ("watch=bench&action=tighten", [3, 2, 1]),
        ("action=lift", []),
        ("since=1700000001", [3, 2]),
        ("until=1700000001", [1]),
        ("since=2023-11-14T22:13:21Z&until=2023-11-14T22:13:22%2B00:00", [2]),
        ("since=2023-11-14T22:13:22", [3]),
        ("limit=1", [3]),
    ],
)
async def test_only_what_is_asked_for_is_told(query: str, found: Sequence[int], serving: Serving) -> None:
    async with serving() as served:
        served.plant.onlookers.stored(published(3))
        assert await numbers(served, query) == found


async def test_work_on_a_unit_is_told_with_its_steps_as_they_were_judged_last(serving: Serving) -> None:
    begun = cycle_start("cam")
    missed = replace(step_event("cam", Verdict.MISSED), cycle_id=begun.cycle_id)
    revised = replace(missed, verdict=Verdict.DONE, revision=1, took_s=3.0)
    ended = cycle_end(begun)
    async with serving() as served:
        served.plant.onlookers.stored([cycle_message(begun, "rtcp")])
        first = (await ask(served.app, "GET", f"{API}/cycles", READ)).json["cycles"]
        served.plant.onlookers.stored([step_message(one, "rtcp") for one in (missed, revised)])
        served.plant.onlookers.stored([cycle_message(ended, "rtcp"), *published(2)])
        (unit,) = (await ask(served.app, "GET", f"{API}/cycles?stream=cam&watch=bench", READ)).json["cycles"]
        nobody = (await ask(served.app, "GET", f"{API}/cycles?stream=other", READ)).json["cycles"]
    assert [(one["phase"], one["ended_at"]) for one in first] == [("started", None)]
    assert unit["cycle_id"] == str(begun.cycle_id)
    assert (unit["phase"], unit["started_at"]) == (str(ended.phase), pytest.approx(begun.at, abs=1e-3))
    assert [(step["step"], step["verdict"], step["took_s"]) for step in unit["steps"]] == [("seal", "done", 3.0)]
    assert nobody == []


async def test_an_action_that_ends_is_two_events(serving: Serving) -> None:
    async with serving() as served:
        begun = action_event("cam")
        ended = replace(action_event("cam", Phase.ENDED, 3), action_id=begun.action_id)
        served.plant.onlookers.stored([action_message(one, "rtcp") for one in (begun, ended)])
        told = (await ask(served.app, "GET", f"{API}/events", READ)).json["events"]
    assert [event["body"]["phase"] for event in told] == ["ended", "started"]
