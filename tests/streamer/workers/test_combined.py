"""What several workers say of a shadow is one comparison."""

from __future__ import annotations

from typing import Any

from streamer.workers.combined import outboxes, reports

LIVE = {"recognizer": "a", "live": {"model": "1"}, "configured": "c"}


def shadow(clips: int, agreement: float | None, pairs: int, started: int, failure: str | None = None) -> dict[str, Any]:
    pair = {"live": "idle", "shadow": "pick", "clips": pairs}
    events = {"pick": {"live": {"started": started}, "shadow": {"started": 1}}}
    counted = {"clips": clips, "agreement": agreement, "disagreements": [pair] if pairs else [], "events": events}
    return {**LIVE, "shadow": {"model": "2", **counted, "failures": int(failure is not None), "failure": failure}}


def test_clips_are_summed_and_agreement_is_of_all_of_them() -> None:
    told = reports([shadow(30, 0.9, 3, 2), shadow(10, 0.5, 5, 1), shadow(0, None, 0, 0, "broken")])["shadow"]
    assert (told["clips"], told["agreement"]) == (40, 0.8)
    assert told["disagreements"] == [{"live": "idle", "shadow": "pick", "clips": 8}]
    assert told["events"] == {"pick": {"live": {"started": 3}, "shadow": {"started": 3}}}
    assert (told["failures"], told["failure"], told["model"]) == (1, "broken", "2")


def test_without_a_shadow_there_is_no_comparison() -> None:
    without = {**LIVE, "shadow": None}
    assert reports([without, without]) == without
    assert reports([without, shadow(4, 1.0, 0, 0)])["shadow"]["clips"] == 4


def test_what_is_the_same_everywhere_is_said_once() -> None:
    assert outboxes([{"sink": "main", "replayed": 2}, {"sink": "main", "replayed": 3}]) == {
        "sink": "main",
        "replayed": 5,
    }
