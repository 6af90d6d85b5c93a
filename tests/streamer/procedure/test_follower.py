"""What a watch sees of a piece of work: connections come and go, the work goes on, what was not seen is not missed."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recognizers.clip import WHOLE_PICTURE, ClipSpec
from recognizers.prediction import Prediction
from streamer.event import ActionEvent, CycleEvent, Event, Reason, StepEvent
from streamer.frame import Blind, Frame
from streamer.procedure.graph import Procedure
from streamer.segmenter import EventRule
from streamer.stages import StreamStages, Watch
from tests.streamer.procedure.work import chain

LABELS = ("idle", "a", "b", "c", "d")
SPEC = ClipSpec(frames=10, interval_s=0.1, hop_s=0.5, short_side_px=2)
AT_ONCE = EventRule(release_s=0.0, smooth_s=0.0)


class Camera:
    """A stream whose pictures are told by what is recognized in them."""

    def __init__(self, procedure: Procedure) -> None:
        watch = Watch(
            "bench", "net", SPEC, LABELS, "idle", WHOLE_PICTURE, 0.5, {"default": AT_ONCE}, procedure=procedure
        )
        self.stages = StreamStages("cam", [watch])
        self.told: list[Event] = []
        self.at, self.epoch, self.began_at = 1000.0, 1, 1000.0
        self.stages.begin(1)

    def shows(self, actions: str, each_s: float = 2.0, broken: bool = False) -> None:
        """One after the other; a point is nothing."""
        for action in actions:
            for _ in range(round(each_s / 0.5)):
                self.at += 0.5
                scores = np.full(5, np.nan if broken else 0.02, np.float32)
                scores[LABELS.index("idle" if action == "." else action)] += 0.9
                end = self.at - self.began_at
                self.told += self.stages.observe(
                    Prediction("cam", "bench", self.epoch, 0, end - 0.9, end, self.at, self.began_at, scores)
                )

    def is_away(self, seconds: float) -> None:
        self.told += self.stages.end(Reason.SOURCE_LOST)
        self.at += seconds
        self.epoch += 1
        self.began_at = self.at
        self.stages.begin(self.epoch)

    def shows_nothing(
        self, seconds: float, reason: str = "dark", known_after_s: float = 1.0, recognized: str = "."
    ) -> None:
        """Something may be recognized all the same, in equal parts of that time."""
        since_s, count = self.at - self.began_at, round(seconds / 0.5)
        for n in range(count):
            self.shows(recognized[n * len(recognized) // count], 0.5)
            self.looks(Blind(reason, since_s) if n * 0.5 >= known_after_s else None)
        self.looks(None)

    def looks(self, blind: Blind | None) -> None:
        picture = np.zeros((2, 2, 3), np.uint8)
        self.told += self.stages.look(Frame("cam", self.epoch, 0, self.at, self.at - self.began_at, picture, blind))

    def is_not_looked_at(self, seconds: float) -> None:
        self.at += seconds

    def stops(self, reason: Reason = Reason.SHUTDOWN) -> None:
        self.told += self.stages.close(reason)

    def verdicts(self) -> list[str]:
        """Step and newest verdict, in the order in which they were first told."""
        newest = {one.step_id: one for one in self.told if isinstance(one, StepEvent)}
        return [f"{one.step} {one.verdict}" for one in newest.values()]

    def units(self) -> list[str]:
        cycles = [one for one in self.told if isinstance(one, CycleEvent)]
        return [str(one.phase) if one.reason is None else f"{one.phase} {one.reason}" for one in cycles]


def test_a_verdict_follows_the_action_that_it_is_of() -> None:
    camera = Camera(chain("a", "b"))
    camera.shows(".a.b.")
    kinds = [type(one) for one in camera.told]
    assert kinds == [ActionEvent, CycleEvent, ActionEvent, StepEvent, ActionEvent, ActionEvent, StepEvent, CycleEvent]
    assert camera.verdicts() == ["a done", "b done"]
    assert camera.units() == ["started", "completed finished"]


def test_a_unit_outlives_a_connection_and_a_step_in_the_gap_is_inconclusive() -> None:
    camera = Camera(chain("a", "b", "c"))
    camera.shows(".a.")
    camera.is_away(20)
    camera.shows(".c.")
    assert camera.verdicts() == ["a done", "c done", "b inconclusive"]
    assert camera.units() == ["started", "completed finished"]


def test_a_step_that_was_really_left_out_is_missed_also_when_the_camera_was_away_before() -> None:
    camera = Camera(chain("a", "b", "c"))
    camera.is_away(20)
    camera.shows(".a.c.")
    assert camera.verdicts() == ["a done", "c done", "b missed"]


def test_a_step_that_is_cut_off_is_inconclusive_until_it_is_seen_again() -> None:
    camera = Camera(chain("a", "b"))
    camera.shows(".a")
    camera.is_away(3)
    assert camera.verdicts() == ["a inconclusive"]
    camera.shows("a.b.")
    assert camera.verdicts() == ["a done", "b done"]


def test_what_was_done_before_the_first_picture_is_not_missed() -> None:
    camera = Camera(chain("a", "b", "c"))
    camera.shows(".c.")
    assert camera.verdicts() == ["c done", "a inconclusive", "b inconclusive"]


def test_pictures_that_nobody_looks_at_are_not_seen() -> None:
    for unseen in ("not looked at", "no numbers"):
        camera = Camera(chain("a", "b", "c"))
        camera.shows(".a.")
        if unseen == "not looked at":
            camera.is_not_looked_at(5)
        else:
            camera.shows(".", 5, broken=True)
        camera.shows(".c.")
        assert camera.verdicts() == ["a done", "c done", "b inconclusive"], unseen


def test_a_clip_that_is_left_out_hides_nothing() -> None:
    camera = Camera(chain("a", "b", "c"))
    camera.shows(".a.")
    camera.is_not_looked_at(1.0)
    camera.shows(".c.")
    assert camera.verdicts() == ["a done", "c done", "b missed"]


def test_a_step_that_pictures_did_not_show_is_inconclusive() -> None:
    for reason in ("dark", "blocked", "frozen"):
        camera = Camera(chain("a", "b", "c"))
        camera.shows(".a.")
        camera.shows_nothing(20, reason, known_after_s=10)
        camera.shows("..c.")
        assert camera.verdicts() == ["a done", "c done", "b inconclusive"], reason


def test_what_is_recognized_in_pictures_that_show_nothing_means_nothing() -> None:
    camera = Camera(chain("a", "b", "c"))
    camera.shows(".a.")
    camera.shows_nothing(8, recognized="..d.b..")
    camera.shows("..c.")
    assert camera.verdicts() == ["a done", "c done", "b inconclusive"]


def test_what_began_without_sight_and_goes_on_counts() -> None:
    camera = Camera(chain("a", "b", "c"))
    camera.shows(".a.")
    camera.shows_nothing(8, recognized=".....bbbbb")
    camera.shows("bb.c.")
    assert camera.verdicts() == ["a done", "b done", "c done"]
    (seen,) = [one for one in camera.told if isinstance(one, StepEvent) and one.step == "b"]
    assert seen.took_s is None


def test_a_step_that_is_wholly_out_of_sight_is_inconclusive_also_where_that_was_not_known_when_it_began() -> None:
    camera = Camera(chain("a", "b", "c"))
    camera.shows(".a.")
    camera.shows_nothing(8, recognized=".b....", known_after_s=4)
    camera.shows("..c.")
    assert camera.verdicts() == ["a done", "b inconclusive", "c done"]


def test_clips_that_still_hold_dark_pictures_do_not_see() -> None:
    camera = Camera(chain("a", "b", "c"))
    camera.shows(".a.")
    camera.shows_nothing(5)
    camera.shows(".", 0.5)
    assert camera.stages.passed(camera.at + 5000)[-1].closes
    again = Camera(chain("a", "b", "c"))
    again.shows(".a.")
    again.shows_nothing(5)
    again.shows(".", 1.5)
    assert again.stages.passed(again.at + 5000) == []


def test_a_short_darkness_before_a_step_is_due_hides_nothing_of_it() -> None:
    camera = Camera(chain("a", "b", "c"))
    camera.shows(".")
    camera.shows_nothing(5)
    camera.shows("..a.c.")
    assert camera.verdicts() == ["a done", "c done", "b missed"]


def test_idle_time_counts_only_while_the_camera_sees() -> None:
    camera = Camera(chain("a", "b"))
    camera.shows(".a.")
    camera.is_away(500)
    assert camera.stages.passed(camera.at) == []
    camera.shows(".", 100)
    assert camera.units() == ["started"]
    camera.shows(".", 30)
    assert camera.units() == ["started", "abandoned idle"]


def test_a_camera_that_is_away_for_hours_gives_the_unit_up() -> None:
    camera = Camera(chain("a", "b"))
    camera.shows(".a.")
    camera.is_away(4000)
    camera.told += camera.stages.passed(camera.at)
    assert camera.units() == ["started", "abandoned idle"]
    assert camera.verdicts() == ["a done"]
    camera.shows("b.")
    assert camera.units()[2:] == ["started", "completed finished"]


def test_whoever_stops_ends_the_unit_once() -> None:
    camera = Camera(chain("a", "b"))
    camera.shows(".a")
    camera.stops()
    camera.stops()
    assert camera.units() == ["started", "abandoned shutdown"]
    assert camera.verdicts() == ["a inconclusive"]


def test_a_clock_that_is_set_back_makes_nothing_late() -> None:
    camera = Camera(chain("a", "b"))
    camera.shows(".a.")
    camera.is_away(-7200)
    camera.shows(".a.b.")
    assert camera.units() == ["started", "abandoned source_ended", "started", "completed finished"]
    assert camera.verdicts() == ["a done", "a done", "b done"]
    assert all(one.took_s is None or one.took_s >= 0 for one in camera.told if isinstance(one, CycleEvent))


def test_another_network_goes_on_with_the_work() -> None:
    camera = Camera(chain("a", "b"))
    camera.shows(".a.")
    understudy = StreamStages("cam", [camera.stages.watches["bench"]], shared=frozenset({"bench"}))
    camera.told += camera.stages.promote(understudy)
    camera.shows("b.")
    assert camera.verdicts() == ["a done", "b done"]
    assert camera.units() == ["started", "completed finished"]


happenings = st.lists(
    st.one_of(
        st.tuples(st.just("shows"), st.sampled_from([".", "a", "b", "c", "d"]), st.sampled_from([0.5, 2.0, 9.0])),
        st.tuples(st.just("away"), st.just(""), st.sampled_from([1.0, 30.0, 5000.0, -60.0])),
        st.tuples(st.just("nothing"), st.sampled_from([".", "b"]), st.sampled_from([2.0, 40.0])),
        st.tuples(st.just("unseen"), st.just(""), st.sampled_from([0.5, 5.0])),
        st.tuples(st.just("tick"), st.just(""), st.sampled_from([1.0, 4000.0])),
    ),
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(happenings, st.booleans())
def test_whatever_becomes_of_the_camera_every_unit_begins_once_and_ends_once(
    what: list[tuple[str, str, float]], ends: bool
) -> None:
    camera = Camera(chain("a", "b", "c", ends=ends))
    for kind, action, seconds in what:
        if kind == "shows":
            camera.shows(action, seconds)
        elif kind == "away":
            camera.is_away(seconds)
        elif kind == "nothing":
            camera.shows_nothing(seconds, recognized=action)
        elif kind == "unseen":
            camera.is_not_looked_at(seconds)
        else:
            camera.told += camera.stages.passed(camera.at + seconds)
    camera.stops()
    camera.stops()

    open_: set[object] = set()
    ever: set[object] = set()
    for one in camera.told:
        if isinstance(one, StepEvent):
            assert one.cycle_id in open_
        elif isinstance(one, CycleEvent) and one.opens:
            assert one.cycle_id not in ever
            ever.add(one.cycle_id)
            open_.add(one.cycle_id)
        elif isinstance(one, CycleEvent):
            open_.remove(one.cycle_id)
    assert not open_
    assert len({one.event_id for one in camera.told}) == len(camera.told)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["away", "nothing", "unseen"]), st.sampled_from([2.5, 8.0, 60.0]), st.booleans())
def test_a_step_that_was_due_while_nothing_was_seen_is_never_missed(kind: str, seconds: float, ends: bool) -> None:
    camera = Camera(chain("a", "b", "c", ends=ends))
    camera.shows(".a.")
    if kind == "away":
        camera.is_away(seconds)
    elif kind == "nothing":
        camera.shows_nothing(seconds)
    else:
        camera.is_not_looked_at(seconds)
    camera.shows("...c..")
    camera.shows("a.b.c.")
    assert "b missed" not in camera.verdicts()
