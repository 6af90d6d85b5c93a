"""From settings to rules, without a network."""

from __future__ import annotations

import math

from streamer.segmenter.rules import Decoding, EventRule
from streamer.settings.sections import Rule, WatchSection


def event_rule(section: Rule) -> EventRule:
    """A section as the segmenter takes it."""
    on = EventRule().on if section.on is None else section.on
    max_s = math.inf if section.max_s is None else section.max_s
    return EventRule(**{**section.model_dump(), "on": on, "off": min(section.off, on), "max_s": max_s})


def event_rules(watch: WatchSection) -> tuple[dict[str, EventRule], frozenset[str]]:
    """The rules of a watch, and those of them whose `on` nobody has said."""
    sections = {"default": Rule(), **watch.events}
    rules = {action: event_rule(section) for action, section in sections.items()}
    return rules, frozenset(action for action, section in sections.items() if section.on is None)


def decoding_of(watch: WatchSection, hop_s: float) -> Decoding | None:
    """How its actions are decoded, where they are."""
    return None if watch.decode is None else Decoding(hop_s, **watch.decode.model_dump())
