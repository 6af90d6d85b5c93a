"""A stream's stages over connections, networks, lost answers and scores, with every event rule."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from recognizers.clip import WHOLE_PICTURE
from recognizers.prediction import Prediction
from streamer.event import ActionEvent, Phase, Reason
from streamer.segmenter import Decoding, EventRule
from streamer.stages import StreamStages, Watch
from tests.streamer.test_stages import SPEC, opened


class Life(RuleBasedStateMachine):
    """One stream with two watches, over connections, networks and scores, with every option."""

    decoding: Decoding | None = None

    def __init__(self) -> None:
        super().__init__()
        self.events: list[ActionEvent] = []
        self.now = self.epoch = 0
        rule = EventRule(
            dwell_s=0.5, release_s=0.5, smooth_s=0.3, min_s=1.0, merge_s=1.0, max_s=6.0, cooldown_s=0.5, margin=0.1
        )
        self.labels = {"bench": ("idle", "pick", "place"), "door": ("idle", "pick", "place")}
        self.stream = StreamStages(
            "cam",
            [
                Watch(
                    watch,
                    "net",
                    replace(SPEC, hop_s=0.25),
                    labels,
                    "idle",
                    WHOLE_PICTURE,
                    min_coverage=0.5,
                    rules={"default": rule},
                    decoding=self.decoding,
                )
                for watch, labels in self.labels.items()
            ],
        )

    @rule()
    @precondition(lambda self: self.stream.epoch is None)
    def begin(self) -> None:
        self.epoch, self.now = self.epoch + 1, 0
        self.stream.begin(self.epoch)

    @rule(
        watch=st.sampled_from(["bench", "door"]),
        best=st.integers(0, 2),
        sure=st.floats(0.4, 1),
        elapsed=st.integers(-1, 8),
        times=st.integers(1, 6),
        late=st.booleans(),
    )
    @precondition(lambda self: self.epoch > 0)
    def observe(self, watch: str, best: int, sure: float, elapsed: int, times: int, late: bool) -> None:
        """`late`: the answer is of the epoch before."""
        for _ in range(times):
            self.now = max(0, self.now + elapsed)
            scores = np.array([sure if n == best else (1 - sure) / 2 for n in range(3)], np.float32)
            at = self.now * 0.25
            epoch = self.epoch - late
            said = Prediction("cam", watch, epoch, 0, at - 1, at, 1000.0 * epoch + at, 1000.0 * epoch, scores)
            events = self.stream.observe(said)
            assert not events or epoch == self.stream.epoch
            self.events += events

    @rule(watch=st.sampled_from(["bench", "door"]), labels=st.permutations(["idle", "pick", "place", "wave"]))
    def promote(self, watch: str, labels: list[str]) -> None:
        known = ("idle", *[label for label in labels if label != "idle"][:2])
        other = StreamStages("cam", [replace(self.stream.watches[watch], labels=known)], frozenset([watch]))
        before = opened(self.events)
        told = self.stream.promote(other)
        begun = {event.action for event in told if event.phase is Phase.STARTED}  # what was not decided yet is now
        assert not begun or self.decoding is not None
        assert {event.action for event in told if event.phase is Phase.ENDED} <= before | begun
        self.events += told

    @rule(reason=st.sampled_from([Reason.SOURCE_LOST, Reason.SHUTDOWN]))
    def end(self, reason: Reason) -> None:
        self.events += self.stream.end(reason)
        assert opened(self.events) == set()
        assert self.stream.end(reason) == []

    @invariant()
    def each_id_is_told_to_start_once_and_to_end_once_later(self) -> None:
        told = Counter((event.action_id, event.phase) for event in self.events)
        assert set(told.values()) <= {1}
        begun: dict[object, float] = {}
        for event in self.events:
            if event.phase is Phase.STARTED:
                begun[event.action_id] = event.at
            else:
                assert event.at >= begun[event.action_id] + 1.0 - 1e-6

    @invariant()
    def one_action_of_a_watch_goes_on(self) -> None:
        for watch in self.labels:
            own = [event for event in self.events if event.watch == watch]
            assert all(one.phase is not other.phase for one, other in pairwise(own))
            assert all(one.at <= other.at for one, other in pairwise(own))


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


class DecodedLife(Life):
    """Where actions are decoded."""

    decoding = Decoding(0.25, lag_s=0.5)


TestDecodedLife = DecodedLife.TestCase
TestDecodedLife.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
