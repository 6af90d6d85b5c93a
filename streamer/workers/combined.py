"""What several workers answered, as one answer. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from streamer.comparison import disagreements

Told = Mapping[str, Any]


def reports(told: Sequence[Told]) -> dict[str, Any]:
    """Of a recognizer: what is live, and how its shadow compares in all workers; see `Promoter.report`."""
    shadows = [one["shadow"] for one in told if one["shadow"] is not None]
    return {**told[0], "shadow": _shadow(shadows) if shadows else None}


def _shadow(each: Sequence[Told]) -> dict[str, Any]:
    clips = sum(one["clips"] for one in each)
    agreed = sum((one["agreement"] or 0.0) * one["clips"] for one in each)
    pairs: Counter[tuple[str, str]] = Counter()
    events: dict[str, dict[str, Counter[str]]] = {}
    for one in each:
        pairs.update({(pair["live"], pair["shadow"]): pair["clips"] for pair in one["disagreements"]})
        for action, by_whom in one["events"].items():
            for who, counts in by_whom.items():
                events.setdefault(action, {}).setdefault(who, Counter()).update(counts)
    return {
        **each[0],
        "clips": clips,
        "agreement": round(agreed / clips, 4) if clips else None,
        "disagreements": disagreements(pairs),
        "events": {action: {who: dict(n) for who, n in of.items()} for action, of in sorted(events.items())},
        "failures": sum(one["failures"] for one in each),
        "failure": next((one["failure"] for one in each if one["failure"]), None),
    }


def outboxes(told: Sequence[Told]) -> dict[str, Any]:
    """What is said of each outbox: numbers are summed, lists joined, what is the same stays; see `Desk`."""
    whole: dict[str, Any] = {}
    for one in told:
        for name, value in one.items():
            whole[name] = _together(whole[name], value) if name in whole else value
    return whole


def _together(one: Any, other: Any) -> Any:
    if isinstance(one, dict):
        return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}
    if isinstance(one, list | int) and not isinstance(one, bool):
        return one + other
    return one
