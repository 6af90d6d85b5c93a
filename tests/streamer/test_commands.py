"""Commands over the broker do what they say, or are refused with what would be right."""

from __future__ import annotations

from typing import Any

import pytest

from streamer.commands import Commands
from streamer.sinks.base import Inbound
from tests.schemas import validate, validator
from tests.streamer.test_showing import Wall, hanging, lit


class Counts:
    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def commanded(self, name: str, outcome: str) -> None:
        self.told.append((name, outcome))


def commanded(wall: Wall, topic: str, payload: bytes, *, keeps: bool = True, retained: bool = False) -> dict[str, Any]:
    """The answer to a command, and what it is told of."""
    since: list[float] = []
    counts = Counts()
    Commands(wall.sink, ["cam"], wall.showing, since.append if keeps else None, counts)
    wall.sink.hear(Inbound(f"command/{topic}", payload, retained, reply_to="reply/7", correlation=b"42"))
    ((request, body),) = wall.sink.answers
    assert request.correlation == b"42"
    answer = validate(body)
    name = topic.rpartition("/")[2]
    known = name if name in ("state", "acknowledge", "replay") else "unknown"
    assert counts.told == [(known, "taken" if answer["taken"] else "refused")]
    return answer | {"since": since}


class Among:
    """A worker among others, which have `door`."""

    def __init__(self, speaks: bool) -> None:
        self.speaks = speaks

    def have(self, stream: str) -> bool:
        return stream == "door"


@pytest.mark.parametrize(
    ("topic", "silent", "speaking"),
    [
        ("cam/state", [True], [True]),
        ("door/state", [], []),
        ("nobody/state", [], [False]),
        ("service/state", [], [True]),
        ("service/restart", [], [False]),
    ],
)
async def test_of_several_workers_one_answers(topic: str, silent: list[bool], speaking: list[bool]) -> None:
    for speaks, expected in ((False, silent), (True, speaking)):
        async with hanging() as wall:
            counts = Counts()
            Commands(wall.sink, ["cam"], wall.showing, None, counts, Among(speaks))
            wall.sink.hear(Inbound(f"command/{topic}", b"", reply_to="reply/7"))
            assert [body["taken"] for _, body in wall.sink.answers] == expected
            assert len(counts.told) == len(expected)


async def test_what_is_asked_of_all_is_done_by_those_too_who_do_not_answer() -> None:
    async with hanging() as wall:
        await wall.clock.advance(1.0)
        before = {topic: len(times) for topic, times in wall.sink.times.items()}
        Commands(wall.sink, ["cam"], wall.showing, None, Counts(), Among(speaks=False))
        wall.sink.hear(Inbound("command/service/state", b""))
        assert all(len(times) > before[topic] for topic, times in wall.sink.times.items())


async def test_state_publishes_everything_again() -> None:
    async with hanging() as wall:
        await wall.clock.advance(1.0)
        before = {topic: len(times) for topic, times in wall.sink.times.items()}
        assert commanded(wall, "cam/state", b"")["taken"]
        assert all(len(times) > before[topic] for topic, times in wall.sink.times.items())


async def test_a_lamp_can_be_acknowledged() -> None:
    async with hanging() as wall:
        await lit(wall)
        assert commanded(wall, "cam/acknowledge", b'{"watch": "bench", "by": "anna"}')["taken"]
        assert wall.read("bench/andon")["acknowledged_by"] == "anna"


@pytest.mark.parametrize(
    ("payload", "since"),
    [(b'{"since": 1700000000}', 1.7e9), (b'{"since": "2023-11-14T23:13:20+01:00"}', 1.7e9)],
)
async def test_events_are_sent_again_since_a_time(payload: bytes, since: float) -> None:
    async with hanging() as wall:
        assert commanded(wall, "service/replay", payload)["since"] == [since]


@pytest.mark.parametrize(
    ("topic", "payload", "told"),
    [
        ("cam/state", b'{"all": true}', "it holds nothing"),
        ("cam/state", b"{", "no JSON"),
        ("cam/state", b"[]", "must be an object"),
        ("cam/state", b"\xff", "no JSON"),
        ("cam/restart", b"", "no such command"),
        ("cam/replay", b'{"since": 0}', "no such command"),
        ("service/acknowledge", b"", "no such command"),
        ("door/state", b"", "no such stream"),
        ("cam/acknowledge", b"", "no such watch"),
        ("cam/acknowledge", b'{"watch": "bench", "by": 4}', "`by` must be a name"),
        ("service/replay", b"", "a time with its zone"),
        ("service/replay", b'{"since": "2026-03-02T08:00:00"}', "a time with its zone"),
        ("service/replay", b'{"since": true}', "a time with its zone"),
        ("service/replay", b'{"since": 0, "until": 1}', "may hold since alone"),
    ],
)
async def test_what_is_wrong_with_a_command_is_answered(topic: str, payload: bytes, told: str) -> None:
    async with hanging() as wall:
        answer = commanded(wall, topic, payload)
    assert not answer["taken"]
    assert told in answer["refused"]
    assert not answer["since"]


async def test_a_retained_command_is_an_old_one_and_refused() -> None:
    async with hanging() as wall:
        assert "retained" in commanded(wall, "cam/state", b"", retained=True)["refused"]


async def test_without_a_window_nothing_can_be_sent_again() -> None:
    async with hanging() as wall:
        assert "outbox.replay_s" in commanded(wall, "service/replay", b'{"since": 0}', keeps=False)["refused"]


@pytest.mark.parametrize(
    ("body", "valid"),
    [
        ({}, True),
        ({"watch": "bench", "by": "anna", "resolved": True}, True),
        ({"since": 1.7e9}, True),
        ({"since": True}, False),
        ({"watch": "bench", "colour": "green"}, False),
    ],
)
def test_the_schema_of_commands_says_what_is_taken(body: dict[str, object], valid: bool) -> None:
    assert validator("command").is_valid(body) is valid
