"""How late the events of a configuration are decided, as far as checkpoints' cards say it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from recognizers.card import Card, checkpoint_path, read_card
from recognizers.clip import Region
from recognizers.huggingface import KIND
from streamer.segmenter.made import decoding_of, event_rules
from streamer.segmenter.rules import Lateness, decoded_lateness, lateness
from streamer.settings import Settings
from streamer.settings.sections import RecognizerSection, WatchSection
from streamer.stages import Watch


@dataclass(frozen=True, slots=True)
class Late:
    """Of one watch."""

    watch: str
    """`stream/watch`"""
    rules: Lateness
    half_clip_s: float
    """About when an action that begins shows in the scores: it must fill half of a clip."""

    @property
    def figures(self) -> dict[str, float | None]:
        rules = self.rules
        given = (rules.start_s, rules.end_s, rules.rise_s, rules.fall_s, self.half_clip_s)
        names = ("start_s", "end_s", "rise_s", "fall_s", "half_clip_s")
        return {name: _rounded(value, 3) for name, value in zip(names, given, strict=True)}

    @property
    def told(self) -> str:
        rules = self.rules
        start_s = _rounded(self.half_clip_s + rules.rise_s + rules.start_s, 1)
        end_s = _rounded(self.half_clip_s + rules.fall_s + rules.end_s, 1)
        if start_s is None or end_s is None:
            return f"{self.watch}: a smoothed score never reaches 1 nor falls below 0; give another on or off"
        return (
            f"{self.watch}: a start is decided within about {start_s:g} s (half a clip {self.half_clip_s:.1f}, "
            f"smoothing {rules.rise_s:.1f}, rules and hop {rules.start_s:.1f}), an end within about {end_s:g} s"
        )


def _rounded(seconds: float, digits: int) -> float | None:
    """None: never."""
    return round(seconds, digits) if math.isfinite(seconds) else None


def lateness_of(settings: Settings, promoted: Mapping[str, str]) -> list[Late]:
    """Of each watch whose recognizer has a card here; `promoted`: checkpoints that run instead of those named."""
    found = []
    for stream in settings.streams:
        for watch in stream.watches:
            section = settings.recognizers[watch.recognizer]
            if section.kind != KIND:
                card = read_card(checkpoint_path(promoted.get(watch.recognizer, section.checkpoint)))
                found.append(_late(f"{stream.id}/{watch.id}", watch, section, card))
    return found


def _late(name: str, watch: WatchSection, section: RecognizerSection, card: Card) -> Late:
    rules, unsaid = event_rules(watch)
    spec = card.spec if section.hop_s is None else replace(card.spec, hop_s=section.hop_s)
    seen = Watch(
        watch.id, watch.recognizer, spec, card.labels, card.background, Region(*watch.region), watch.min_coverage,
        rules, unsaid=unsaid, thresholds=card.thresholds,
    )  # fmt: skip
    in_force = seen.in_force
    rules = {action: in_force.get(action, in_force["default"]) for action in card.actions}
    apart = not card.multilabel or bool(watch.exclusive)
    averaged_s = (section.average_clips - 1) * spec.hop_s / 2
    decoding = decoding_of(watch, spec.hop_s)
    late = lateness(rules, spec.hop_s, apart) if decoding is None else decoded_lateness(rules, decoding)
    return Late(name, late, spec.span_s / 2 + averaged_s)
