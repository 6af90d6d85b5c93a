"""Keeps clips of moments that somebody names while the service runs, lists them, and takes them away again."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from recognizers.clip import WHOLE_PICTURE, Region
from recognizers.data import recordings
from recognizers.data.recordings import LABELS_FILE, forget
from recognizers.errors import DataError
from recognizers.files import is_file
from streamer.clock import Clock
from streamer.errors import ClipUnwritable, NotKept, NotNow
from streamer.evidence.privacy import Privacy
from streamer.labels.keeping import Order, keep
from streamer.media.files import unwritable
from streamer.media.packets import Excerpt
from streamer.media.ring import PacketRing

_log = logging.getLogger(__name__)

LOOK_S = 0.1
"""Seconds from one look at what has come to the next."""
PATIENCE_S = 10.0
"""How much later than it is due the last picture of a clip may come."""
MOST_WAITING = 16
"""Moments that wait for their last second, of all streams together."""
MOST_LISTED = 500
"""The newest ones."""
MARGIN_S = 2.0
"""Held besides what may be asked for, since a clip is cut a moment after its last picture came."""
BACKGROUND = "background"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    folder: Path
    """Where clips and their lines go."""
    back_s: float = 30.0
    """So far back a clip may begin, which is also the longest that it may be."""
    max_bytes: int = 4096 << 20
    """Of all clips in the folder; then no more are kept."""
    memory_bytes: int = 16 << 20
    """Of coded pictures, of each stream."""
    unmasked: bool = False
    """Streams that hide something in what is kept may be labelled: clips show everything."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A stream that can be labelled."""

    ring: PacketRing
    region: Region
    """What its clips are of."""
    hides: bool
    """Whether something in its pictures must not be kept."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """What is to be cut, in media time of an epoch."""

    epoch: int
    start_s: float
    end_s: float
    zero_at: float


class Labelling:
    """Lives on the event loop; the disk is waited for in a thread of its own."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits, self._clock = limits, clock
        self._streams: dict[str, Labelled] = {}
        self._thread = ThreadPoolExecutor(1, "labels")
        self._waiting = 0

    def labelled(self, privacy: Privacy) -> Labelled:
        """What a stream is kept in, for when it has joined. Where all its watches look at one region, its clips are of
        that, else of all."""
        looked_at = set(privacy.regions)
        region = looked_at.pop() if len(looked_at) == 1 else WHOLE_PICTURE
        ring = PacketRing(self._limits.back_s + MARGIN_S, self._limits.memory_bytes)
        return Labelled(ring, region, privacy.hides)

    def join(self, stream: str, labelled: Labelled) -> None:
        """A stream begins."""
        self._streams[stream] = labelled

    def leave(self, stream: str) -> None:
        """There is no such stream any more."""
        self._streams.pop(stream, None)

    async def mark(
        self, stream: str, label: str, at: float | None, before_s: float, after_s: float, by: str = ""
    ) -> dict[str, object]:
        """Keep what a stream showed around a moment, once its last second is there; returns what `listing` says of it.

        Args:
            label: the action; `background`: none of them.
            at: Unix seconds of the moment; None: now.
            by: who says so, for the log.

        Raises:
            KeyError: there is no such stream.
            NotKept: these seconds are not at hand, or may not be kept.
            NotNow: too many wait for their end.
            ClipUnwritable: the disk, or `max_bytes`, takes no more.
        """
        known = self._streams[stream]
        if known.hides and not self._limits.unmasked:
            words = f"{stream} has masks or blur, which clips to teach with would not show"
            raise NotKept(f"{words}; set labels.unmasked: true if they may be kept as they came")
        now = self._clock.now()
        moment = self._moment(known.ring, now if at is None else at, before_s, after_s)
        if self._waiting >= MOST_WAITING:
            raise NotNow(f"{MOST_WAITING} moments wait for their last second already")
        self._waiting += 1
        try:
            excerpt = await self._excerpt(known.ring, moment)
            session = datetime.fromtimestamp(moment.zero_at + moment.start_s, UTC).strftime("%Y-%m-%dT%H")
            said = "" if label.strip() == BACKGROUND else label.strip()
            order = Order(self._limits.folder, stream, "label", said, f"{stream} {session}", known.region, whole=False)
            line = await self._disk(lambda: self._kept(order, excerpt, moment))
        finally:
            self._waiting -= 1
        _log.info("label kept: %s as %r%s", line.path, label, f" by {by}" if by else "")
        return _told(line)

    async def listing(self) -> dict[str, object]:
        """The newest labels first, how many there are of each, and where.

        Raises:
            ClipUnwritable: a line of the folder is none.
        """
        lines = await self._disk(self._lines)
        counts = Counter(line.label or BACKGROUND for line in lines)
        newest = [_told(line) for line in lines[: -MOST_LISTED - 1 : -1]]
        return {"labels": newest, "folder": str(self._limits.folder), "counts": dict(sorted(counts.items()))}

    async def remove(self, label: str) -> None:
        """Take a clip and its lines away; `label` is the id that `listing` says.

        Raises:
            KeyError: there is none.
            ClipUnwritable: the disk does not let go of it.
        """
        path = next((line.path for line in await self._disk(self._lines) if id_of(line.path) == label), None)
        if path is None or not await self._disk(lambda: forget(self._limits.folder, path)):
            raise KeyError(label)
        _log.info("label removed: %s", path)

    def close(self) -> None:
        """Nothing more is kept; what is being written is written."""
        self._streams.clear()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _moment(self, ring: PacketRing, at: float, before_s: float, after_s: float) -> _Moment:
        if before_s + after_s <= 0 or before_s + after_s > self._limits.back_s:
            words = f"a clip of {before_s + after_s:g} s was asked for"
            raise NotKept(f"{words}; it is longer than 0 and at most {self._limits.back_s:g} s (labels.back_s)")
        if at > self._clock.now() + after_s + 1:
            raise NotKept("this moment is still to come; mark it when it is there")
        span = ring.span()
        if span is None or span.zero_at is None:
            raise NotKept("no picture came yet; see what the stream's state says")
        start_s = at - span.zero_at - before_s
        if start_s < span.first_s:
            ago_s = span.newest_s - span.first_s
            words = f"these seconds are not at hand: pictures of this connection reach back {ago_s:.1f} s"
            raise NotKept(f"{words}, and never more than about {self._limits.back_s:g} (labels.back_s)")
        return _Moment(span.epoch, start_s, start_s + before_s + after_s, span.zero_at)

    async def _excerpt(self, ring: PacketRing, moment: _Moment) -> Excerpt:
        """The pictures, once the last one is there."""
        span, until_s = ring.span(), None
        while span is not None and span.epoch == moment.epoch and span.newest_s < moment.end_s:
            if until_s is None:
                until_s = self._clock.monotonic() + moment.end_s - span.newest_s + PATIENCE_S
            if self._clock.monotonic() >= until_s:
                raise NotKept("the stream gave no more pictures before the last second of the clip")
            await self._clock.sleep(LOOK_S)
            span = ring.span()
        return ring.excerpt(moment.epoch, moment.start_s, moment.end_s)

    async def _disk(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except OSError as error:
            raise unwritable(self._limits.folder, error) from None
        except DataError as error:
            raise ClipUnwritable(f"{error}; mend or remove this line") from None

    def _kept(self, order: Order, excerpt: Excerpt, moment: _Moment) -> recordings.Labelled:
        """In the thread."""
        size = sum(len(one.data) for one in excerpt.pictures)
        used = sum(clip.stat().st_size for clip in order.folder.rglob("*.mp4"))
        if used + size > self._limits.max_bytes:
            words = f"{order.folder} holds {used >> 20} MiB of clips, of {self._limits.max_bytes >> 20} that it may"
            raise ClipUnwritable(f"{words}; remove some, or raise labels.max_mib")
        captured_at = moment.zero_at + excerpt.start_s
        path = keep(order, excerpt, captured_at, moment.start_s, moment.end_s)
        name = str(path.relative_to(order.folder))
        return next(line for line in reversed(self._lines()) if line.path == name)

    def _lines(self) -> list[recordings.Labelled]:
        """In the thread."""
        return recordings.labelled(self._limits.folder) if is_file(self._limits.folder / LABELS_FILE) else []


def id_of(path: str) -> str:
    """What a clip is called where a path cannot stand."""
    return hashlib.blake2s(path.encode(), digest_size=8).hexdigest()


def _told(line: recordings.Labelled) -> dict[str, object]:
    return {
        "id": id_of(line.path),
        "label": line.label or BACKGROUND,
        "stream": line.stream,
        "path": line.path,
        "start_s": line.start_s,
        "end_s": line.end_s,
        "group": line.group,
    }
