"""The lamp calls for what it should, until somebody has seen to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from streamer.board.andon import DEFAULT, MOST_CALLS, Andon, Colour
from streamer.event import CyclePhase, Ending, Verdict
from streamer.testing.messages import cycle_event, step_event

AT = 1_700_000_000.0


def andon() -> Andon:
    return Andon(DEFAULT, AT)


@pytest.mark.parametrize(
    ("verdict", "colour"),
    [
        (Verdict.DONE, "green"),
        (Verdict.MISSED, "red"),
        (Verdict.OUT_OF_ORDER, "red"),
        (Verdict.UNDONE, "red"),
        (Verdict.OVERTIME, "amber"),
        (Verdict.INCONCLUSIVE, "amber"),
    ],
)
def test_a_verdict_has_its_colour(verdict: Verdict, colour: str) -> None:
    lamp = andon()
    lamp.judged(step_event(verdict=verdict))

    assert str(lamp.colour) == colour
    assert (lamp.call is None) == (colour == "green")


def test_colours_are_the_operators() -> None:
    lamp = Andon({"overtime": Colour.RED}, AT)
    lamp.judged(step_event(verdict=Verdict.MISSED))
    assert lamp.colour is Colour.GREEN
    lamp.judged(step_event(verdict=Verdict.OVERTIME))
    assert lamp.colour is Colour.RED


def test_a_verdict_that_is_revised_to_done_calls_no_more() -> None:
    lamp, judged = andon(), step_event(verdict=Verdict.PREMATURE)
    lamp.judged(judged)
    assert lamp.colour is Colour.AMBER
    lamp.judged(replace(judged, verdict=Verdict.OUT_OF_ORDER, revision=1, decided_at=judged.decided_at + 3))
    assert lamp.colour is Colour.RED
    lamp.judged(replace(judged, verdict=Verdict.DONE, revision=2, decided_at=judged.decided_at + 9))

    assert lamp.colour is Colour.GREEN
    assert lamp.since == judged.decided_at + 9


def test_red_stays_when_the_next_unit_begins_until_somebody_has_acknowledged_it() -> None:
    lamp = andon()
    lamp.judged(step_event(verdict=Verdict.MISSED))
    lamp.judged(step_event(verdict=Verdict.OVERTIME))
    lamp.moved_on(cycle_event())
    assert (lamp.colour, lamp.calls) == (Colour.RED, 1)

    lamp.acknowledge("anna", AT + 60)
    assert lamp.colour is Colour.RED, "somebody comes, nothing is seen to yet"
    assert lamp.call is not None
    assert (lamp.call.acknowledged_by, lamp.call.acknowledged_at) == ("anna", AT + 60)
    lamp.moved_on(replace(cycle_event(), decided_at=AT + 90))
    assert (lamp.colour, lamp.since) == (Colour.GREEN, AT + 90)


def test_what_calls_after_the_acknowledgement_is_not_acknowledged() -> None:
    lamp = andon()
    lamp.judged(step_event(verdict=Verdict.MISSED))
    lamp.acknowledge("anna", AT + 60)
    lamp.judged(step_event(verdict=Verdict.MISSED))

    assert lamp.call is not None
    assert lamp.call.acknowledged_at is None
    lamp.acknowledge("bert", AT + 70)
    assert {call.acknowledged_by for call in lamp._calls.values()} == {"anna", "bert"}


def test_a_call_that_grows_more_urgent_must_be_acknowledged_again() -> None:
    lamp, judged = andon(), step_event(verdict=Verdict.PREMATURE)
    lamp.judged(judged)
    lamp.acknowledge("anna", AT + 60)
    lamp.judged(replace(judged, verdict=Verdict.MISSED, revision=1))

    assert lamp.call is not None
    assert (lamp.call.colour, lamp.call.acknowledged_at) == (Colour.RED, None)


def test_what_was_seen_to_is_green_but_a_camera_that_does_not_see_calls_on() -> None:
    lamp = andon()
    lamp.judged(step_event(verdict=Verdict.MISSED))
    lamp.sight("offline", AT + 5)
    lamp.resolve(AT + 9)
    assert (lamp.colour, lamp.call and lamp.call.reason) == (Colour.AMBER, "offline")
    lamp.moved_on(cycle_event())
    assert lamp.colour is Colour.AMBER
    lamp.sight(None, AT + 20)
    assert (lamp.colour, lamp.since) == (Colour.GREEN, AT + 20)


def test_a_unit_that_is_abandoned_calls_and_one_that_is_done_does_not() -> None:
    lamp = andon()
    lamp.moved_on(cycle_event(phase=CyclePhase.COMPLETED))
    assert lamp.colour is Colour.GREEN
    lamp.moved_on(replace(cycle_event(phase=CyclePhase.ABANDONED), reason=Ending.IDLE))

    assert lamp.call is not None
    assert (lamp.call.reason, lamp.call.about["ending"]) == ("abandoned", "idle")


def test_the_lamp_tells_since_when_it_has_its_colour() -> None:
    lamp = andon()
    first = step_event(verdict=Verdict.MISSED)
    lamp.judged(replace(first, decided_at=AT + 10))
    lamp.judged(replace(step_event(verdict=Verdict.MISSED), decided_at=AT + 30))

    assert lamp.since == AT + 10
    assert lamp.call is not None
    assert lamp.call.since == AT + 30, "the newest is the one to look at"


def test_calls_are_bounded_and_red_is_kept() -> None:
    lamp = andon()
    lamp.judged(step_event(verdict=Verdict.MISSED))
    for _ in range(2 * MOST_CALLS):
        lamp.judged(step_event(verdict=Verdict.OVERTIME))

    assert lamp.calls == MOST_CALLS
    assert lamp.colour is Colour.RED
