"""Whatever comes and goes: one owner, on a worker that lives, terms that grow; and what does not change settles."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.placement import MOST_LEVEL, Cost, Place, Placement, Report, Slot, Wish

SLOTS, STREAMS = [f"s{n}" for n in range(4)], [f"c{n}" for n in range(12)]
costs = st.builds(Cost, st.floats(0, 0.5), st.floats(0, 0.8))
acts = st.one_of(
    st.tuples(st.just("join"), st.sampled_from(SLOTS), st.integers(1, 6)),
    st.tuples(st.just("lose"), st.sampled_from(SLOTS)),
    st.tuples(st.just("want"), st.sampled_from(STREAMS), st.integers(0, 2)),
    st.tuples(st.just("forget"), st.sampled_from(STREAMS)),
    st.tuples(st.just("measured"), st.sampled_from(SLOTS), costs),
    st.tuples(st.just("wait"), st.integers(1, 60)),
)


class Told:
    """A placement, with what it was told."""

    def __init__(self) -> None:
        self.placement, self.now_s = Placement(), 0.0
        self.slots: dict[str, int] = {}
        self.streams: dict[str, int] = {}

    def act(self, act: tuple[object, ...]) -> None:
        what, *said = act
        placement = self.placement
        if what == "join":
            self.slots[str(said[0])] = int(str(said[1]))
            placement.join(Slot(str(said[0]), most=self.slots[str(said[0])]))
        elif what == "lose":
            self.slots.pop(str(said[0]), None)
            placement.lose(str(said[0]))
        elif what == "want":
            self.streams[str(said[0])] = int(str(said[1]))
            placement.want(Wish(str(said[0]), int(str(said[1]))))
        elif what == "forget":
            self.streams.pop(str(said[0]), None)
            placement.forget(str(said[0]))
        elif what == "measured":
            theirs = [stream for stream, place in placement.places.items() if place.slot == said[0]]
            assert isinstance(said[1], Cost)
            placement.measured(str(said[0]), Report(0.0, dict.fromkeys(theirs, said[1])), self.now_s)
        else:
            self.now_s += float(str(said[0]))
        placement.step(self.now_s)


@settings(max_examples=150, deadline=None)
@given(st.lists(acts, max_size=40))
def test_each_stream_has_one_owner_that_lives_or_waits(history: list[tuple[object, ...]]) -> None:
    told, before = Told(), dict[str, Place]()
    for act in history:
        told.act(act)
        places = dict(told.placement.places)
        waiting = {wish.stream for wish in told.placement.waiting}
        assert places.keys() | waiting == told.streams.keys()
        assert not places.keys() & waiting
        assert {place.slot for place in places.values()} <= told.slots.keys()
        assert all(0 <= place.level <= MOST_LEVEL for place in places.values())
        for stream, place in places.items():
            old = before.get(stream)
            if old is not None and (place.slot != old.slot or place.term != old.term):
                assert place.term > old.term
        assert len({place.term for place in places.values()}) == len(places)
        before |= places


@settings(max_examples=60, deadline=None)
@given(st.lists(acts, max_size=25), st.lists(costs, min_size=12, max_size=12))
def test_what_does_not_change_settles(history: list[tuple[object, ...]], truth: list[Cost]) -> None:
    told = Told()
    for act in history:
        told.act(act)
    real = dict(zip(STREAMS, truth, strict=True))
    changes, last = 0, dict(told.placement.places)
    for second in range(1500):
        now_s = told.now_s + second
        for slot in told.slots:
            theirs = {stream: real[stream] for stream, one in told.placement.places.items() if one.slot == slot}
            told.placement.measured(slot, Report(0.0, theirs), now_s)
        told.placement.step(now_s)
        places = dict(told.placement.places)
        changes += places != last
        if second == 1000:
            changes = 0
        last = places
    assert not changes, "nothing is changed for ever"
