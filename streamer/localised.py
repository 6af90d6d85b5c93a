"""From what each person does to action events: everybody has events of their own. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from recognizers.prediction import Prediction
from streamer.event import ActionEvent, Actor, Reason
from streamer.segmenter import EventRule, Segmenter
from streamer.tracker import ActorTracker


@dataclass(slots=True)
class _Person:
    segmenter: Segmenter
    actor: Actor
    """As last seen."""


class ActorSegmenter:
    """The events of one watch that tells people apart, in one epoch; make a new one for the next epoch.

    Somebody who is hidden for a while (`TrackerRule.max_age_s`) is still who they were; what they did goes on. Who has
    left did so when last seen.
    """

    def __init__(
        self,
        labels: tuple[str, ...],
        background: str,
        rules: Mapping[str, EventRule],
        exclusive: Collection[frozenset[str]] = (),
    ) -> None:
        """As `Segmenter`; actions exclude each other for each person."""
        self._labels, self._background, self._rules, self._exclusive = labels, background, rules, exclusive
        self._tracker = ActorTracker()
        self._people: dict[int, _Person] = {}
        self._last_s: float | None = None

    @property
    def people(self) -> int:
        """How many there are now; those who are hidden count."""
        return len(self._people)

    def observe(self, prediction: Prediction) -> list[ActionEvent]:
        """Take the next prediction; return what ended and began by it."""
        actors = prediction.actors
        if actors is None or (self._last_s is not None and prediction.end <= self._last_s):
            return []
        self._last_s = prediction.end
        followed = self._tracker.follow(actors.boxes, prediction.end)
        events = [event for one in followed.left for event in self._end(one, Reason.ACTOR_LEFT)]
        for place, one in enumerate(followed.ids):
            if one is not None:
                box = tuple(round(float(side), 4) for side in actors.boxes[place])
                person = self._person(Actor(one, (box[0], box[1], box[2], box[3])))
                said = person.segmenter.observe(replace(prediction, scores=actors.scores[place], actors=None))
                events += [replace(event, actor=person.actor) for event in said]
        return events

    def close(self, reason: Reason) -> list[ActionEvent]:
        """End whatever is open: the epoch is over."""
        return [event for one in sorted(self._people) for event in self._end(one, reason)]

    def relabel(self, labels: tuple[str, ...], background: str, rules: Mapping[str, EventRule]) -> list[ActionEvent]:
        """As `Segmenter.relabel`, for everybody."""
        self._labels, self._background, self._rules = labels, background, rules
        return [
            replace(event, actor=person.actor)
            for _, person in sorted(self._people.items())
            for event in person.segmenter.relabel(labels, background, rules)
        ]

    def _person(self, actor: Actor) -> _Person:
        person = self._people.get(actor.id)
        if person is None:
            segmenter = Segmenter(self._labels, self._background, self._rules, actor.id, self._exclusive)
            person = _Person(segmenter, actor)
            self._people[actor.id] = person
        person.actor = actor
        return person

    def _end(self, one: int, reason: Reason) -> list[ActionEvent]:
        person = self._people.pop(one)
        return [replace(event, actor=person.actor) for event in person.segmenter.close(reason)]
