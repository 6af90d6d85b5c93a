"""What `takt procedure` reads: the steps of a piece of work, and in which order they may be done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import Field, model_validator

from streamer.settings.document import Document
from streamer.settings.mistakes import suggestion
from streamer.settings.values import PositiveSeconds, Seconds, Section, Share, Text


class StepSection(Section):
    """One step of the work."""

    action: Text | None = Field(None, description="the recognizer's label; null: the name of the step")
    after: tuple[Text, ...] = Field((), description="steps and groups that must be done before")
    optional: bool = Field(False, description="nothing is wrong without it")
    repeat: int = Field(1, ge=1, le=100, description="how many times it is done")
    at_most: int | None = Field(None, ge=1, le=100, description="times after which it is repeated; null: as repeat")
    min_s: Seconds = Field(0.0, description="seconds; shorter is undershoot")
    typical_s: PositiveSeconds | None = Field(None, description="seconds that it usually takes; null: not known")
    max_s: PositiveSeconds | None = Field(None, description="seconds; longer is overtime; null: however long")
    undone_by: Text | None = Field(None, description="the label of the action that takes it back")

    @model_validator(mode="after")
    def _ordered(self) -> StepSection:
        known = [one for one in (self.min_s, self.typical_s, self.max_s) if one is not None]
        if known != sorted(known):
            raise ValueError("must have min_s ≤ typical_s ≤ max_s")
        if self.at_most is not None and self.at_most < self.repeat:
            raise ValueError("must have repeat ≤ at_most")
        return self


class GroupSection(Section):
    """Steps that are spoken of together: exactly one of any_order and one_of."""

    any_order: tuple[Text, ...] = Field((), description="steps that are all done, in whatever order")
    one_of: tuple[Text, ...] = Field((), description="steps of which one is done")
    after: tuple[Text, ...] = Field((), description="steps and groups that must be done before any of them")

    @model_validator(mode="after")
    def _one(self) -> GroupSection:
        if bool(self.any_order) == bool(self.one_of):
            raise ValueError("must have exactly one of any_order and one_of")
        return self


class CycleSection(Section):
    """When a unit's work begins and is over."""

    starts_with: Text | None = Field(None, description="the step that begins a unit; null: whichever comes first")
    ends_with: Text | None = Field(None, description="the step that ends it; null: when all that must be done is done")
    aborts_with: Text | None = Field(None, description="the label of an action that gives the unit up")
    idle_s: PositiveSeconds = Field(120.0, description="seconds without any step after which the unit is abandoned")


class RecognitionSection(Section):
    """How far the recognizer can be trusted."""

    misses: Share = Field(0.05, description="share of moments of a step at which it is not recognized")
    invents: Share = Field(0.05, description="share of moments at which something wrong is recognized")


class ProcedureSettings(Section):
    """A whole procedure."""

    name: Text = Field(description="as events say it")
    takt_s: PositiveSeconds | None = Field(None, description="seconds that a unit should take; null: not known")
    steps: dict[str, StepSection] = Field(min_length=1, description="by name")
    groups: dict[str, GroupSection] = Field(default_factory=dict, description="by name, for `after`")
    cycle: CycleSection = CycleSection()
    recognition: RecognitionSection = RecognitionSection()


def check_procedure(document: Document, labels: Iterable[str] | None = None) -> None:
    """Note what no single section can know: names that nobody has, circles, steps that cannot be reached.

    `labels`: what recognizers know, where that is to be checked too.
    """
    steps, groups = _keys(document, "steps"), _keys(document, "groups")
    for where, name in _names(document, [("steps", "*", "after", "*"), ("groups", "*", "after", "*")]):
        if name not in (*steps, *groups):
            document.problem(where, f"is no step or group; {suggestion(name, (*steps, *groups))}")
    members = [("groups", "*", kind, "*") for kind in ("any_order", "one_of")]
    for where, name in _names(document, [*members, ("cycle", "starts_with"), ("cycle", "ends_with")]):
        if name not in steps:
            document.problem(where, f"is no step; {suggestion(name, steps)}")
    for where, _ in document.find("groups", "*"):
        if where[1] in steps:
            document.problem(where, "is also the name of a step; give it another")
    _check_once(document, members)
    needs = _needs(document)
    _check_circles(document, needs)
    _check_reached(document, needs)
    if labels is not None:
        _check_labels(document, list(labels))


def _keys(document: Document, part: str) -> tuple[str, ...]:
    return tuple(str(where[-1]) for where, _ in document.find(part, "*"))


Pattern = tuple[str | int, ...]


def _names(document: Document, patterns: Iterable[Pattern]) -> Iterator[tuple[Pattern, str]]:
    for pattern in patterns:
        yield from ((where, name) for where, name in document.find(*pattern) if isinstance(name, str))


def _check_once(document: Document, members: Iterable[Pattern]) -> None:
    seen: dict[str, int] = {}
    for where, name in _names(document, members):
        if name in seen:
            document.problem(where, f"is in a group already (line {seen[name]}); a step is in one at most")
        seen.setdefault(name, document.lines[where])


def _needs(document: Document) -> dict[str, set[str]]:
    """Which steps each step directly waits for; of alternatives, all of them."""
    steps = _keys(document, "steps")
    inside: dict[str, set[str]] = {step: {step} for step in steps}
    waits: dict[str, set[str]] = {step: set() for step in steps}
    for where, name in _names(document, [("groups", "*", kind, "*") for kind in ("any_order", "one_of")]):
        if name in steps:
            inside.setdefault(str(where[1]), set()).add(name)
    for where, name in _names(document, [("steps", "*", "after", "*"), ("groups", "*", "after", "*")]):
        for step in inside.get(str(where[1]), set()):
            waits[step] |= inside.get(name, set())
    return waits


def _check_circles(document: Document, needs: Mapping[str, set[str]]) -> None:
    """Each circle once, at the step that comes first in the file."""
    told: set[str] = set()
    for step in needs:
        circle = _circle(step, needs)
        if circle and not told & set(circle):
            told |= set(circle)
            document.problem(("steps", step, "after"), f"waits for itself: {' after '.join(circle)}; take one away")


def _circle(step: str, needs: Mapping[str, set[str]]) -> list[str]:
    """The shortest way from a step back to itself, with both ends; empty where there is none."""
    ways = [[step]]
    seen: set[str] = set()
    for way in ways:
        for before in sorted(needs[way[-1]]):
            if before == step:
                return [*way, step]
            if before not in seen:
                seen.add(before)
                ways.append([*way, before])
    return []


def _behind(step: str, needs: Mapping[str, set[str]]) -> set[str]:
    """All that must come before it."""
    found: set[str] = set()
    left = [step]
    while left:
        new = needs[left.pop()] - found
        found |= new
        left += new
    return found


def _check_reached(document: Document, needs: Mapping[str, set[str]]) -> None:
    first, last = (_named(document, key, needs) for key in ("starts_with", "ends_with"))
    if first and _behind(first, needs):
        before = ", ".join(sorted(_behind(first, needs)))
        document.problem(
            ("cycle", "starts_with"), f"begins a unit but comes after {before}; name a step without `after`"
        )
    for step in needs:
        if last and last != step and last in _behind(step, needs):
            text = f"cannot be reached: it comes after {last}, which ends the unit; change ends_with or `after`"
            document.problem(("steps", step), text)
    for where, name in _names(document, [("steps", "*", "after", "*")]):
        others = _alternatives(document, name) - {str(where[1])}
        optional = any(value is True for _, value in document.find("steps", where[1], "optional"))
        if others and not optional and not others & _alternatives(document, str(where[1])):
            document.problem(
                where,
                f"leaves the step out of reach where {', '.join(sorted(others))} is done instead; "
                "name the group, or make the step optional",
            )


def _named(document: Document, key: str, needs: Mapping[str, set[str]]) -> str | None:
    return next((name for _, name in _names(document, [("cycle", key)]) if name in needs), None)


def _alternatives(document: Document, step: str) -> set[str]:
    """The other members of its one_of group."""
    for where, members in document.find("groups", "*", "one_of"):
        names = {name for _, name in _names(document, [(*where, "*")])}
        if isinstance(members, list) and step in names:
            return names - {step}
    return set()


def _check_labels(document: Document, labels: list[str]) -> None:
    for where, section in document.find("steps", "*"):
        action: Any = section.get("action") if isinstance(section, dict) else None
        label = action if isinstance(action, str) else str(where[-1])
        place = (*where, "action") if isinstance(action, str) else where
        if label not in labels:
            document.problem(place, f"no recognizer knows the action {label}; {suggestion(label, labels)}")
    for where, name in _names(document, [("steps", "*", "undone_by"), ("cycle", "aborts_with")]):
        if name not in labels:
            document.problem(where, f"no recognizer knows this action; {suggestion(name, labels)}")
