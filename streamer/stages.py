"""The pure part of one stream: frames to clips, predictions to events. Live and replay share it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from zlib import crc32

from recognizers.clip import Clip, ClipSpec, Region
from recognizers.prediction import Prediction
from streamer.buffer import Cut, TemporalBuffer
from streamer.event import ActionEvent, Ending, Event, Reason
from streamer.frame import Frame
from streamer.localised import ActorSegmenter
from streamer.procedure.follower import Follower
from streamer.procedure.graph import Procedure
from streamer.segmenter import Decoding, EventRule, Segmenter
from streamer.units import Named, UnitTopic


@dataclass(frozen=True, slots=True)
class Watch:
    """One recognizer looking at one region of one stream, with its event rules."""

    id: str
    recognizer: str
    """The recognizer's name in the configuration."""
    spec: ClipSpec
    labels: tuple[str, ...]
    background: str
    region: Region
    min_coverage: float
    """Clips with less are not looked at."""
    rules: Mapping[str, EventRule]
    model: str = ""
    """The id of the network that looks now."""
    unsaid: frozenset[str] = frozenset()
    """Rules whose `on` nobody has said: for them, what the network's card says counts."""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    """The card's own `on`, by action."""
    procedure: Procedure | None = None
    """The work that is followed."""
    unit: UnitTopic | None = None
    """Where it is said which unit is worked on."""
    exclusive: tuple[frozenset[str], ...] = ()
    """Groups of actions of which only one can go on; of a network that says one label at a time, all are one."""
    decoding: Decoding | None = None
    """Of such a network, actions are decoded instead of found by thresholds."""

    @property
    def actions_followed(self) -> frozenset[str]:
        """What must be recognized for the procedure."""
        return frozenset() if self.procedure is None else self.procedure.actions

    @property
    def in_force(self) -> dict[str, EventRule]:
        """The rules, with what the card says where nobody has said otherwise."""
        rules = dict(self.rules)
        for action, on in self.thresholds.items():
            name = action if action in self.rules else "default"
            if name in self.unsaid:
                rules[action] = replace(self.rules[name], on=on, off=min(self.rules[name].off, on))
        return rules


class StreamStages:
    """Buffer and segmenters of one stream. Every action that is open ends when its epoch ends; the work that is
    followed goes on in the next one."""

    def __init__(self, stream: str, watches: Sequence[Watch], shared: frozenset[str] = frozenset()) -> None:
        """`shared`: ids of watches whose clips somebody else cuts."""
        self.stream = stream
        self.watches = {watch.id: watch for watch in watches}
        self.shared = shared
        self.epoch: int | None = None
        self.blind = ""
        """Why nothing can be seen in the pictures that come, if so: frozen, dark or blocked."""
        self._buffer = TemporalBuffer(stream, [self._cut_for(watch) for watch in watches if watch.id not in shared])
        self._segmenters: dict[str, Segmenter | ActorSegmenter] = {}
        """Of the watches that have been answered in this epoch."""
        self._followers = {
            watch.id: Follower(watch.procedure, stream, watch.id) for watch in watches if watch.procedure is not None
        }

    def _cut_for(self, watch: Watch) -> Cut:
        # The same wherever and whenever it runs, so that a recording always gives the same events.
        phase = crc32(f"{self.stream}/{watch.id}".encode()) / 2**32
        return Cut(watch.id, watch.spec, watch.region, phase)

    def begin(self, epoch: int) -> None:
        """A new unbroken connection; the one before must have been ended."""
        self.epoch = epoch
        self._segmenters = {}

    def look(self, frame: Frame) -> list[Event]:
        """What it means for the work that is followed whether the picture shows anything."""
        self.blind = frame.blind.reason if frame.blind is not None and frame.blind.lasting else ""
        since_at = None if frame.blind is None else frame.captured_at - (frame.media_s - frame.blind.since_s)
        return [
            told for one in self._followers.values() for told in one.looked(frame.captured_at, blind_since=since_at)
        ]

    def cut(self, frame: Frame) -> list[Clip]:
        """Clips that are complete with this frame."""
        return self._buffer.push(frame)

    def observe(self, prediction: Prediction) -> list[Event]:
        """Events of a prediction, each before what it means for the work that is followed."""
        events = self.recognized(prediction)
        follower = self._followers.get(prediction.watch)
        if follower is None or prediction.epoch != self.epoch:
            return [*events]
        return follower.saw(prediction, events)

    def recognized(self, prediction: Prediction) -> list[ActionEvent]:
        """Actions alone; a prediction of an epoch that is over says nothing any more."""
        if prediction.epoch != self.epoch:
            return []
        if prediction.watch not in self._segmenters:
            watch = self.watches[prediction.watch]
            self._segmenters[watch.id] = _segmenter(watch, told_apart=prediction.actors is not None)
        model = self.watches[prediction.watch].model
        return [replace(event, model=model) for event in self._segmenters[prediction.watch].observe(prediction)]

    def promote(self, understudy: StreamStages) -> list[Event]:
        """Go on with the networks of another's watches: connection, epoch and the work that is followed stay, and so
        does what is open under labels that the new network knows. Returns the ends of what it does not know."""
        told: list[Event] = []
        for watch in understudy.watches.values():
            before = self.watches[watch.id]
            self.watches[watch.id] = replace(watch, procedure=before.procedure, unit=before.unit)
            if watch.id not in understudy.shared:
                self._buffer.take_over(watch.id, understudy._buffer)
            if watch.id in self._segmenters:
                over = self._segmenters[watch.id].relabel(watch.labels, watch.background, watch.in_force)
                ended = [replace(event, model=before.model) for event in over]
                told += self._followers[watch.id].told_of(ended) if watch.id in self._followers else ended
        return told

    def people(self) -> dict[str, int]:
        """How many people there are now, by watch; of those that tell people apart."""
        told_apart = {watch: one for watch, one in self._segmenters.items() if isinstance(one, ActorSegmenter)}
        return {watch: one.people for watch, one in told_apart.items()}

    def named(self, watch: str, unit: Named, at: float) -> None:
        """Somebody says (Unix seconds) which unit a watch sees."""
        topic = self.watches[watch].unit
        if topic is not None and watch in self._followers:
            self._followers[watch].named(unit, at, topic.grace_s)

    def passed(self, now: float) -> list[Event]:
        """What becomes of the work that is followed while time (Unix seconds) goes by and nothing is seen."""
        return [told for follower in self._followers.values() for told in follower.passed(now)]

    def end(self, reason: Reason) -> list[Event]:
        """The epoch is over: end what is open. A second call has nothing left to end."""
        self.epoch, self.blind = None, ""
        segmenters, self._segmenters = self._segmenters, {}
        told: list[Event] = []
        for id_, watch in self.watches.items():
            over = segmenters[id_].close(reason) if id_ in segmenters else []
            ended = [replace(event, model=watch.model) for event in over]
            told += self._followers[id_].lost(ended) if id_ in self._followers else ended
        return told

    def close(self, reason: Reason) -> list[Event]:
        """No other epoch will come (`source_ended`, `shutdown`): end all, the work that is followed too."""
        told = self.end(reason)
        return told + [one for follower in self._followers.values() for one in follower.close(Ending(reason))]


def _segmenter(watch: Watch, told_apart: bool) -> Segmenter | ActorSegmenter:
    if told_apart:
        return ActorSegmenter(watch.labels, watch.background, watch.in_force, watch.exclusive)
    # Another network may be asked more often.
    decoding = None if watch.decoding is None else replace(watch.decoding, tick_s=watch.spec.hop_s)
    return Segmenter(watch.labels, watch.background, watch.in_force, exclusive=watch.exclusive, decoding=decoding)
