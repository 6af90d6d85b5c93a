"""Who watches what, decided step by step from what was measured.

A move costs a stream its connection and what it has open, so nothing is moved for beauty: only where a worker is
strained, or a stream is degraded and another worker has room for all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial

from streamer.placement.bench import Bench, Seated
from streamer.placement.fleet import MOST_LEVEL, Cost, Place, Report, Slot, Wish

EASE = 0.65
"""Share of a slot's capacity up to which degraded streams get back what was taken of them."""
FULL = 0.8
"""Up to which streams are given to it."""
STRAIN = 0.9
"""From which on it is relieved. What lies between the three keeps decisions from being taken back."""
PATIENCE_S = 5.0
"""A slot must be strained for as long before it is relieved."""
CALM_S = 30.0
"""And calm for as long before streams get something back."""
REST_S = 15.0
"""Between two changes of a slot: so long takes the effect of one to be measured."""
SMOOTH_S = 10.0
"""Time constant of what is measured."""
GUESS = Cost(0.02, 0.03)
"""Of a stream while nothing is known of any: sixteen of them fill a slot."""


class Placement:
    """Told of slots, wishes and measurements; `step` decides. Level-triggered: `places` is what is to be, whoever
    carries it out compares that with what is.
    """

    def __init__(self, first_term: int = 1) -> None:
        """`first_term`: above every term that was given before, e.g. the Unix second."""
        self._benches: dict[str, Bench] = {}
        self._wishes: dict[str, Wish] = {}
        self._costs: dict[str, Cost] = {}
        self._measured_s: dict[str, float] = {}
        self._usual = GUESS
        """Of a stream that nothing is known of: what the others cost on average."""
        self._aside: Collection[str] = ()
        self._levels: dict[str, int] = {}
        """Of streams that lost their place, how they were degraded."""
        self.newest_term = first_term - 1
        """To be kept: a placement that begins anew begins above it."""

    # What is told

    def join(self, slot: Slot) -> None:
        """A worker can be given streams; one that is there already keeps them."""
        if slot.id in self._benches:
            self._benches[slot.id].slot = slot
        else:
            self._benches[slot.id] = Bench(slot)

    def lose(self, slot: str) -> list[str]:
        """Its worker is dead or out of reach; the streams that have no place now."""
        bench = self._benches.pop(slot, None)
        return [] if bench is None else [self._unseat(bench, stream) for stream in tuple(bench.seated)]

    def want(self, wish: Wish) -> None:
        """A stream is to be watched; one that is already may have another priority."""
        self._wishes[wish.stream] = wish
        for bench in self._benches.values():
            if wish.stream in bench.seated:
                bench.seated[wish.stream].wish = wish

    def forget(self, stream: str) -> None:
        """It is to be watched no more."""
        for known in (self._wishes, self._costs, self._measured_s, self._levels):
            known.pop(stream, None)
        for bench in self._benches.values():
            bench.seated.pop(stream, None)

    def set_aside(self, streams: Collection[str]) -> None:
        """These are given to nobody, whatever room there is; no others are kept back."""
        self._aside = streams

    def measured(self, slot: str, report: Report, now_s: float) -> None:
        """What a worker found. What it says of streams that are another's now is not believed."""
        bench = self._benches.get(slot)
        if bench is None:
            return
        for stream, cost in report.costs.items():
            if stream in bench.seated:
                self._costs[stream] = self._smoothed(stream, cost, now_s)
        if self._costs:
            self._usual = _mean(self._costs.values())
        bench.overhead = report.overhead

    # What is decided

    @property
    def places(self) -> Mapping[str, Place]:
        """By stream."""
        return {
            stream: Place(stream, slot, one.term, one.level)
            for slot, bench in self._benches.items()
            for stream, one in bench.seated.items()
        }

    def place(self, stream: str) -> Place | None:
        """Of one stream; None: nobody watches it."""
        for slot, bench in self._benches.items():
            if (one := bench.seated.get(stream)) is not None:
                return Place(stream, slot, one.term, one.level)
        return None

    @property
    def waiting(self) -> list[Wish]:
        """Streams that nobody watches: there is no room for them. The most important first."""
        seated = {stream for bench in self._benches.values() for stream in bench.seated}
        left = [wish for stream, wish in self._wishes.items() if stream not in seated and stream not in self._aside]
        return sorted(left, key=lambda wish: -wish.priority)

    def shares(self) -> Mapping[str, float]:
        """Of each slot, how much of its capacity is asked of it; above 1 it cannot keep up."""
        return {slot: bench.share for slot, bench in self._benches.items()}

    def owns(self, slot: str, stream: str, term: int) -> bool:
        """Whether a worker that says so still watches it: one that was frozen meanwhile does not."""
        bench = self._benches.get(slot)
        one = None if bench is None else bench.seated.get(stream)
        return one is not None and one.term == term

    def step(self, now_s: float) -> None:
        """Give places to those who have none; relieve who is strained; give back what was taken."""
        for wish in self.waiting:
            self._seat(wish, now_s)
        for bench in self._benches.values():
            self._watch(bench, now_s)
        for bench in self._benches.values():
            if bench.rests_until_s <= now_s:
                if _lasts(bench.strained_since_s, PATIENCE_S, now_s):
                    self._relieve(bench, now_s)
                elif _lasts(bench.calm_since_s, CALM_S, now_s):
                    self._give_back(bench, now_s)

    # A place for one

    def _seat(self, wish: Wish, now_s: float) -> None:
        """Where there is most room; where there is none, where the least must be degraded; else in the place of those
        that matter less; else nowhere."""
        level = self._levels.get(wish.stream, 0)
        load, free = self._cost(wish.stream).at(level), [one for one in self._benches.values() if one.has_room]
        fits = [bench for bench in free if bench.takes(load, FULL)]
        if fits:
            return self._put(min(fits, key=self._crowding()), wish, level)
        if self._squeeze_in(wish, free, now_s):
            return
        weaker = [bench for bench in self._benches.values() if bench.lowest < wish.priority]
        for bench in sorted(weaker, key=self._crowding()) if weaker else ():
            if self._displace(wish, bench, now_s):
                return

    def _squeeze_in(self, wish: Wish, benches: Iterable[Bench], now_s: float) -> bool:
        found: list[tuple[int, float, str, Bench, list[str]]] = []
        for bench in benches:
            trial = self._with(bench, wish)
            steps = trial.squeezed(trial.load - FULL * bench.slot.capacity, wish.priority)
            if steps is not None:
                found.append((len(steps), bench.share, bench.slot.id, bench, steps))
        if not found:
            return False
        *_, bench, steps = min(found, key=lambda one: one[:3])
        self._put(bench, wish, self._levels.get(wish.stream, 0))
        self._degrade(bench, steps, now_s)
        return True

    def _displace(self, wish: Wish, bench: Bench, now_s: float) -> bool:
        """Take the place of streams that matter less, of as few as possible."""
        trial, leaving = self._with(bench, wish), list[str]()
        for one in bench.weakest_first():
            if one.wish.priority >= wish.priority:
                return False
            del trial.seated[one.wish.stream]
            leaving.append(one.wish.stream)
            steps = trial.squeezed(trial.load - FULL * bench.slot.capacity, wish.priority)
            if steps is not None and len(trial.seated) <= bench.slot.most:
                for stream in leaving:
                    self._unseat(bench, stream)
                self._put(bench, wish, self._levels.get(wish.stream, 0))
                self._degrade(bench, steps, now_s)
                return True
        return False

    # Too much, or too little

    def _watch(self, bench: Bench, now_s: float) -> None:
        share = bench.share
        bench.strained_since_s = _since(bench.strained_since_s, share > STRAIN, now_s)
        bench.calm_since_s = _since(bench.calm_since_s, share <= STRAIN, now_s)

    def _relieve(self, bench: Bench, now_s: float) -> None:
        """Move a stream where it fits; else degrade; else refuse the one that matters least."""
        excess = bench.load - FULL * bench.slot.capacity
        if self._move_one(bench, bench.seated, excess, now_s):
            return
        steps = bench.squeezed(excess, _highest(bench))
        steps = [*self._all_steps(bench)] if steps is None else steps
        if steps:
            return self._degrade(bench, steps, now_s)
        if bench.share > 1.0 and len(bench.seated) > 1:
            self._unseat(bench, bench.weakest_first()[0].wish.stream)
            bench.rests_until_s = now_s + REST_S

    def _all_steps(self, bench: Bench) -> Iterable[str]:
        """Everything that can still be taken of its streams."""
        for one in bench.weakest_first():
            if one.cost().looks > 0:
                yield from [one.wish.stream] * (MOST_LEVEL - one.level)

    def _give_back(self, bench: Bench, now_s: float) -> None:
        """Levels to the most important of the degraded streams, as many as there is room for; or all of them to one
        where there is room for all of it elsewhere."""
        while (
            one := next((one for one in reversed(bench.weakest_first()) if self._fits_less(bench, one)), None)
        ) is not None:
            one.level -= 1
            bench.rests_until_s = now_s + REST_S
        if bench.rests_until_s > now_s:
            return
        for one in reversed(bench.weakest_first()):
            if one.level and self._move_one(bench, [one.wish.stream], 0.0, now_s, EASE, level=0):
                return

    def _fits_less(self, bench: Bench, one: Seated) -> bool:
        """Whether there is room for it at a level less."""
        return one.level > 0 and bench.takes(one.cost().at(one.level - 1) - one.load, EASE)

    def _move_one(
        self, bench: Bench, streams: Collection[str], excess: float, now_s: float, limit: float = FULL,
        level: int | None = None,
    ) -> bool:  # fmt: skip
        """Move the least important stream that is enough, else the largest that fits; `level`: how it is degraded
        there; None: as here."""
        others = [one for one in self._benches.values() if one is not bench and one.has_room]
        others = [one for one in others if one.rests_until_s <= now_s]
        crowding = self._crowding()
        movable: list[tuple[Seated, int, Bench]] = []
        for stream in streams:
            one = bench.seated[stream]
            at = one.level if level is None else level
            fits = [other for other in others if other.takes(one.cost().at(at), limit)]
            if fits and (len(bench.seated) > 1 or level is not None):
                movable.append((one, at, min(fits, key=crowding)))
        if not movable:
            return False
        enough = [move for move in movable if move[0].load >= excess]
        one, at, other = (
            min(enough, key=lambda move: (move[0].wish.priority, move[0].load, move[0].wish.stream))
            if enough
            else max(movable, key=lambda move: (move[0].load, move[0].wish.stream))
        )
        del bench.seated[one.wish.stream]
        self._put(other, one.wish, at)
        bench.rests_until_s = other.rests_until_s = now_s + REST_S
        return True

    # Small steps

    def _put(self, bench: Bench, wish: Wish, level: int) -> None:
        self.newest_term += 1
        self._levels.pop(wish.stream, None)
        bench.seated[wish.stream] = self._seated(wish, level)

    def _seated(self, wish: Wish, level: int) -> Seated:
        return Seated(wish, partial(self._cost, wish.stream), self.newest_term, level)

    def _with(self, bench: Bench, wish: Wish) -> Bench:
        """As it would be with one more."""
        level = self._levels.get(wish.stream, 0)
        return Bench(bench.slot, {**bench.seated, wish.stream: self._seated(wish, level)}, bench.overhead)

    def _unseat(self, bench: Bench, stream: str) -> str:
        self._levels[stream] = bench.seated.pop(stream).level
        return stream

    def _degrade(self, bench: Bench, steps: Iterable[str], now_s: float) -> None:
        for stream in steps:
            bench.seated[stream].level += 1
            bench.rests_until_s = now_s + REST_S

    def _cost(self, stream: str) -> Cost:
        return self._costs.get(stream, self._usual)

    def _smoothed(self, stream: str, cost: Cost, now_s: float) -> Cost:
        before, since_s = self._costs.get(stream), self._measured_s.get(stream, now_s)
        self._measured_s[stream] = now_s
        if before is None:
            return cost
        weight = min(1.0, max(0.0, now_s - since_s) / SMOOTH_S)
        return Cost(
            before.base + weight * (cost.base - before.base), before.looks + weight * (cost.looks - before.looks)
        )

    def _crowding(self) -> Callable[[Bench], tuple[float, float, int, str]]:
        """In which order slots are filled: the emptiest machine first, since its slots share what it has."""
        loads, capacities = dict[str, float](), dict[str, float]()
        for bench in self._benches.values():
            node = bench.slot.node
            loads[node] = loads.get(node, 0.0) + bench.load
            capacities[node] = capacities.get(node, 0.0) + bench.slot.capacity
        return lambda bench: (
            loads[bench.slot.node] / capacities[bench.slot.node],
            bench.share,
            len(bench.seated),
            bench.slot.id,
        )


Moment = float | None


def _since(before: Moment, holds: bool, now_s: float) -> Moment:
    """From when on it holds without a break."""
    if not holds:
        return None
    return now_s if before is None else before


def _lasts(since_s: Moment, patience_s: float, now_s: float) -> bool:
    return since_s is not None and now_s - since_s >= patience_s


def _highest(bench: Bench) -> int:
    return max((one.wish.priority for one in bench.seated.values()), default=0)


def _mean(costs: Collection[Cost]) -> Cost:
    return Cost(sum(one.base for one in costs) / len(costs), sum(one.looks for one in costs) / len(costs))
