"""Where hands, part and crank are while something is done: pure geometry, in units of the picture's height."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from recognizers.data.synthetic.canvas import Point
from recognizers.data.synthetic.script import IDLE, Segment

CRANK = 0.13
"""Length of the crank's arm."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are on a bench."""

    bin: Point
    nest: Point
    """Where the part is worked on; the crank's axis is beside it."""
    axis: Point
    tray: Point
    rest: Point
    other_rest: Point
    hold: Point
    """Where a picked part waits in the hand."""


@dataclass(frozen=True, slots=True)
class Pose:
    """One moment of the bench."""

    hand: Point
    other: Point
    part: Point | None
    """None while there is none on the bench or in the hand."""
    part_turn: float
    crank: float
    """Radians, clockwise as seen."""


def pose(places: Places, segment: Segment, at_s: float, before: Pose) -> Pose:
    """The pose at a moment within a segment. `before` is the pose in which the segment began."""
    u = min(max(segment.progress(at_s), 0.0), 1.0)
    if segment.label == IDLE:
        return _idle(places, segment, at_s, u, before)
    return _ACTIONS[segment.label](places, segment, u, before)


def start(places: Places) -> Pose:
    return Pose(places.rest, places.other_rest, None, 0.0, 0.0)


def _idle(places: Places, segment: Segment, at_s: float, u: float, before: Pose) -> Pose:
    sway = 0.008 * math.sin(2.1 * at_s)
    hump = math.sin(math.pi * u) ** 2
    hand, other = before.hand, before.other
    if segment.variant < 0.2:  # the free hand wanders
        other = (other[0] - 0.1 * hump, other[1] - 0.22 * hump)
    elif segment.variant < 0.35 and before.part != before.hand:  # both hands leave the picture
        hand, other = (hand[0], hand[1] + 0.4 * hump), (other[0], other[1] + 0.4 * hump)
    elif segment.variant < 0.5:  # shuffles on the spot
        hand = (hand[0] + 0.05 * math.sin(4 * math.pi * u) * hump, hand[1])
    hand = (hand[0] + sway * hump, hand[1])
    held = before.part is not None and before.part == before.hand
    return replace(before, hand=hand, other=other, part=hand if held else before.part)


def _pick(places: Places, segment: Segment, u: float, before: Pose) -> Pose:
    if u < 0.5:
        return replace(before, hand=_way(before.hand, places.bin, u / 0.45), part=None)
    hand = _way(places.bin, places.hold, (u - 0.5) / 0.5)
    return replace(before, hand=hand, part=hand, part_turn=6.28 * segment.variant)


def _place(places: Places, segment: Segment, u: float, before: Pose) -> Pose:
    if u < 0.5:
        hand = _way(before.hand, places.nest, u / 0.45)
        return replace(before, hand=hand, part=hand, part_turn=before.part_turn * (1 - _ease(u / 0.45)))
    return replace(before, hand=_way(places.nest, places.rest, (u - 0.55) / 0.45), part=places.nest, part_turn=0.0)


def _tighten(places: Places, segment: Segment, u: float, before: Pose) -> Pose:
    return _turn(places, before, u, turns=_turns(segment), angle=before.crank)


def _loosen(places: Places, segment: Segment, u: float, before: Pose) -> Pose:
    """The pictures of tightening in the opposite order."""
    turns = _turns(segment)
    return _turn(places, before, 1 - u, turns=turns, angle=before.crank - 2 * math.pi * turns)


def _turns(segment: Segment) -> float:
    """Revolutions: about one a second at an even tempo."""
    return (0.75 + 0.4 * segment.variant) * 0.8 * (segment.end_s - segment.start_s)


def _turn(places: Places, before: Pose, u: float, turns: float, angle: float) -> Pose:
    """Reach for the crank, turn it, let go; symmetric in time but for the direction of turning."""
    crank = angle + 2 * math.pi * turns * min(max((u - 0.1) / 0.8, 0.0), 1.0)
    grip = (places.axis[0] + CRANK * math.cos(crank), places.axis[1] + CRANK * math.sin(crank))
    near = _ease(min(u, 1 - u) / 0.1)
    steady = (places.nest[0] - 0.1, places.nest[1] + 0.06)
    return replace(before, hand=_mix(places.rest, grip, near), other=_mix(places.other_rest, steady, near), crank=crank)


def _inspect(places: Places, segment: Segment, u: float, before: Pose) -> Pose:
    """Lift the part, turn it to and fro before the eyes, put it back."""
    eyes = ((places.nest[0] + places.rest[0]) / 2, (places.nest[1] + places.rest[1]) / 2 + 0.02)
    if u < 0.15 or u > 0.85:
        away = _ease(min(u, 1 - u) / 0.13)
        return replace(
            before,
            hand=_mix(places.rest, places.nest, away),
            other=_mix(places.other_rest, (eyes[0] - 0.1, eyes[1]), away),
        )
    lifted = _ease(min(u - 0.15, 0.85 - u) / 0.15)
    hand = _mix(places.nest, eyes, lifted)
    swing = math.sin(2 * math.pi * (u - 0.15) / 0.7 * (1.5 + segment.variant)) * lifted
    other = (eyes[0] - 0.1 + 0.03 * swing, eyes[1] + 0.03 * lifted)
    hand = (hand[0] + 0.03 * swing, hand[1])
    return replace(before, hand=hand, other=other, part=(hand[0] - 0.04 * lifted, hand[1]), part_turn=1.2 * swing)


def _put_away(places: Places, segment: Segment, u: float, before: Pose) -> Pose:
    if u < 0.25:
        return replace(before, hand=_way(before.hand, places.nest, u / 0.22))
    if u < 0.68:
        hand = _way(places.nest, places.tray, (u - 0.25) / 0.4)
        return replace(before, hand=hand, part=hand)
    part = places.tray if u < 1 else None
    return replace(before, hand=_way(places.tray, places.rest, (u - 0.7) / 0.3), part=part)


_ACTIONS = {
    "pick": _pick,
    "place": _place,
    "tighten": _tighten,
    "loosen": _loosen,
    "inspect": _inspect,
    "put_away": _put_away,
}


def _ease(u: float) -> float:
    u = min(max(u, 0.0), 1.0)
    return u * u * (3 - 2 * u)


def _mix(start: Point, end: Point, share: float) -> Point:
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _way(start: Point, end: Point, u: float) -> Point:
    return _mix(start, end, _ease(u))
