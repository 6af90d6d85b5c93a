"""The temporal buffer: frames of one stream in, clips of its watches out. Pure, bounded, cut by time."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from recognizers.clip import Clip, ClipSpec, Picture, Region
from streamer.frame import Frame
from streamer.sampling import slot


@dataclass(frozen=True, slots=True)
class Cut:
    """How clips are cut for one watch."""

    watch: str
    spec: ClipSpec
    region: Region
    phase: float = 0.0
    """How much later than it could be the first clip is, in hops, [0, 1). Cameras that were started together would
    otherwise all be due at the same moments, and wait for each other."""


class TemporalBuffer:
    """Cuts clips for every watch of one stream.

    Each watch sees media time as a grid of slots `interval_s` apart and keeps the first picture of each. A slot
    without a picture (a frame lost) repeats the one before and lowers the clip's `coverage`; a second picture
    in a slot (a duplicate, or a camera faster than the grid) is not used. After `max_gap_s` without a picture
    the watch starts over: a clip never bridges it. Holds at most T pictures a watch, shared between watches; of a
    continual recognizer a hop's, where that is longer (`recognizers.clip.LONGEST_HOP` windows at most).

    Clips of a continual recognizer are a hop long and follow each other without a gap or an overlap. A break leaves
    out an index.
    """

    def __init__(self, stream: str, cuts: Sequence[Cut], max_gap_s: float = 1.0) -> None:
        self._epoch: int | None = None
        self._stream = stream
        self._cuts = {cut.watch: cut for cut in cuts}
        self._max_gap_s = max_gap_s
        self._cutters: dict[str, _Cutter] = {}

    def push(self, frame: Frame) -> list[Clip]:
        """Take a frame; return the clips that are complete with it, oldest first within a watch."""
        if frame.epoch != self._epoch:
            self._epoch = frame.epoch
            self._cutters = {
                watch: _Cutter(self._stream, frame.epoch, cut, self._max_gap_s) for watch, cut in self._cuts.items()
            }
        return [clip for cutter in self._cutters.values() for clip in cutter.push(frame)]

    def take_over(self, watch: str, other: TemporalBuffer) -> None:
        """Cut a watch from now on as another buffer of this stream has cut it so far, which is done with it."""
        self._cuts[watch] = other._cuts.pop(watch)
        cutter = other._cutters.pop(watch, None)
        if cutter is not None and other._epoch == self._epoch:
            self._cutters[watch] = cutter
        else:  # it has seen nothing of this epoch
            self._cutters.pop(watch, None)
            if self._epoch is not None:
                self._cutters[watch] = _Cutter(self._stream, self._epoch, self._cuts[watch], self._max_gap_s)


@dataclass(frozen=True, slots=True)
class _Sample:
    slot: int
    captured_at: float
    zero_at: float
    picture: Picture


class _Cutter:
    """The clips of one watch in one epoch."""

    def __init__(self, stream: str, epoch: int, cut: Cut, max_gap_s: float) -> None:
        self._stream = stream
        self._epoch = epoch
        self._cut = cut
        # A grid coarser than the gap would start over at every picture.
        self._max_gap_slots = max(2, round(max_gap_s / cut.spec.interval_s))
        self._first_slots = cut.spec.pictures - 1 + int(cut.phase * cut.spec.hop)
        self._span_slots = max(cut.spec.frames, cut.spec.pictures)
        self._samples: deque[_Sample] = deque(maxlen=self._span_slots)
        self._began = 0
        self._next_end = 0
        self._index = -1

    def push(self, frame: Frame) -> list[Clip]:
        now = slot(frame.media_s, self._cut.spec.interval_s)
        if not self._samples:
            self._start_over(now)
        elif now <= self._samples[-1].slot:
            return []
        elif now - self._samples[-1].slot > self._max_gap_slots:
            self._start_over(now)
        clips = []
        while self._next_end < now:  # its last picture never came: cut with what there was, if anything
            if self._cut.spec.continual or self._samples[-1].slot > self._next_end - self._cut.spec.frames:
                clips.append(self._clip())
            else:
                self._step()
        self._samples.append(_Sample(now, frame.captured_at, frame.captured_at - frame.media_s, frame.picture))
        if self._next_end == now:
            clips.append(self._clip())
        return clips

    def _start_over(self, now: int) -> None:
        self._samples.clear()
        self._began = now
        self._next_end = now + self._first_slots
        self._index += 1  # one index is left out, so that a stateful recognizer sees the break

    def _clip(self) -> Clip:
        spec, end, newest = self._cut.spec, self._next_end, self._samples[-1]
        span = min(self._span_slots, end - self._began + 1)
        own = [sample for sample in self._samples if sample.slot > end - span]
        pictures: list[Picture] = []
        following = iter(self._samples)
        current, ahead = self._samples[0], next(following, None)
        for wanted in range(end - spec.pictures + 1, end + 1):
            while ahead is not None and ahead.slot <= wanted:
                current, ahead = ahead, next(following, None)
            pictures.append(current.picture)
        clip = Clip(
            stream=self._stream,
            watch=self._cut.watch,
            epoch=self._epoch,
            index=self._index,
            start=(end - spec.late - spec.frames + 1) * spec.interval_s,
            end=(end - spec.late) * spec.interval_s,
            captured_at=newest.captured_at,
            zero_at=newest.zero_at,
            region=self._cut.region,
            coverage=len(own) / span,
            pictures=tuple(pictures),
        )
        self._step()
        return clip

    def _step(self) -> None:
        self._index += 1
        self._next_end += self._cut.spec.hop
