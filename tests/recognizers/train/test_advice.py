"""What is said about few clips."""

from __future__ import annotations

import numpy as np
import pytest

from recognizers.data.duplicates import Look, look
from recognizers.train.advice import Shown, advice, alike, interval

LABELS = ("background", "tighten", "loosen")


def seen(seed: int) -> Look:
    """A look like no other seed's."""
    return look(np.random.default_rng(seed).integers(0, 255, (16, 32, 32)).astype(np.uint8))


def clips(label: str, count: int, groups: tuple[str, ...] = ("anna", "ben"), same: bool = False) -> list[Shown]:
    return [
        Shown(f"{label} {n}", label, groups[n % len(groups)], seen(0 if same else hash((label, n)) % 10_000))
        for n in range(count)
    ]


def figures(tighten: float = 1.0) -> dict[str, object]:
    missed = round(100 * (1 - tighten))
    return {
        "recall": {"tighten": tighten, "loosen": 1.0},
        "confusion": [[10, 0, 0], [1, 100 - missed, max(0, missed - 1)], [0, 0, 100]],
    }


def test_enough_different_clips_of_several_people_need_no_word() -> None:
    enough = [*clips("background", 10), *clips("tighten", 10), *clips("loosen", 10)]
    told = advice(enough, "background", figures(), LABELS, ())
    assert (told.warnings, told.next) == ((), ())


def test_what_is_wrong_is_said_with_what_to_record() -> None:
    poor = [*clips("tighten", 4, same=True), *clips("loosen", 7, ("monday",))]
    told = advice(poor, "background", figures(0.6), LABELS, ("loosen",))
    few, same, seven, session, empty = told.warnings
    assert "tighten: only 4 clips (five are the least)" in few
    assert "tighten: 4 of 4 clips show nearly the same" in same
    assert "loosen: only 7 clips" in seven
    assert "loosen: too few sessions (monday)" in session
    assert "while none of the actions goes on" in empty
    assert told.next[0].startswith("background: ")
    assert told.next[-1] == "tighten: 60% were recognized, others were mostly taken for loosen"


def test_clips_are_alike_when_they_show_the_same() -> None:
    assert alike(clips("tighten", 6, same=True)) == 6
    assert alike(clips("tighten", 6)) == 0
    assert alike([*clips("tighten", 6), *clips("loosen", 1), *clips("loosen", 1)]) == 2
    assert alike(clips("tighten", 1)) == 0


def test_few_clips_say_little() -> None:
    """Wilson's own numbers: of ten, none and all."""
    assert interval(0.0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert interval(1.0, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)
    low, high = interval(0.9, 1000)
    assert high - low < 0.04
    assert interval(0.0, 0) == (0.0, 1.0)
