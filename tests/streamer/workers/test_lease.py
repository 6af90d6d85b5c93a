"""A worker is silent before others are given its streams, whatever becomes of the messages between them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streamer.workers.lease import Lease, lasts_s
from streamer.workers.pulse import BEAT_S, Deadlines, Pulse

SILENT_S = 10.0


def test_nothing_is_published_before_the_supervisor_was_heard() -> None:
    lease = Lease(9.0)
    assert not lease.holds(0.0)
    lease.ask(0.0)
    assert not lease.holds(0.1)
    lease.renew(0.0)
    assert lease.holds(0.1)


def test_it_counts_from_the_beat_that_was_heard_not_from_the_answer() -> None:
    lease = Lease(9.0)
    lease.renew(1.0)
    assert lease.holds(9.9)
    assert not lease.holds(10.0)
    assert lease.lapsed(10.0)


def test_an_answer_that_was_overtaken_takes_nothing_away() -> None:
    lease = Lease(9.0)
    lease.renew(2.0)
    lease.renew(1.0)
    assert lease.holds(10.9)


def test_one_that_was_never_answered_is_over_too_but_not_before_it_was_asked_for() -> None:
    lease = Lease(9.0)
    assert not lease.lapsed(1000.0)
    lease.ask(1000.0)
    assert not lease.lapsed(1008.9)
    assert lease.lapsed(1009.0)


@given(
    st.lists(st.tuples(st.floats(0, 20), st.floats(0, 20), st.booleans()), min_size=1, max_size=80),
    st.floats(-1000, 1000),
    st.floats(0.97, 1.03),
)
def test_whoever_is_given_up_is_silent_already(
    messages: list[tuple[float, float, bool]], apart_s: float, rate: float
) -> None:
    """Beats and answers may be late or lost, and the two clocks stand and run apart by 3 %: as long as the worker
    may publish, the supervisor has not given it up."""
    pulse, lease = Pulse(0.0, Deadlines(silent_s=SILENT_S)), Lease(lasts_s(SILENT_S))
    heard, answers = list[float](), list[tuple[float, float]]()
    for n, (there_s, back_s, lost) in enumerate(messages):
        sent_s = n * BEAT_S
        heard.append(sent_s + there_s)
        if not lost:
            answers.append((sent_s + there_s + back_s, sent_s * rate + apart_s))
    answers.sort(reverse=True)
    for now_s in [n * 0.25 for n in range(400)]:
        while answers and answers[-1][0] <= now_s:
            lease.renew(answers.pop()[1])
        known = [moment for moment in heard if moment <= now_s]
        if known and lease.holds(now_s * rate + apart_s):
            pulse.beat(max(known), 0.0)
            assert pulse.hangs(now_s) == ""
