"""One stream as people look at it: which widths are asked for, how often, and by whom."""

from __future__ import annotations

from collections.abc import Sequence

from streamer.clock import Clock
from streamer.evidence.privacy import LOOK_S, Redactor
from streamer.live.coder import Coder, Seen, Shown
from streamer.live.pace import Pace
from streamer.mailbox import Mailbox
from streamer.media.planes import Planes


class Viewer:
    """Somebody who looks: gets the newest picture whenever it asks for the next one."""

    def __init__(self, interval_s: float) -> None:
        """`interval_s`: it wants a picture so often at most. Must be made on the event loop."""
        self.interval_s = interval_s
        self.pictures: Mailbox[Shown] = Mailbox(1)


class Seats:
    """The viewers of one width. See `streamer.live.coder.Audience`."""

    def __init__(self) -> None:
        self._viewers: tuple[Viewer, ...] = ()
        """Replaced as a whole: the coder's thread reads it while the loop changes it."""
        self.newest: Shown | None = None

    @property
    def viewers(self) -> tuple[Viewer, ...]:
        return self._viewers

    @property
    def is_empty(self) -> bool:
        return not self._viewers

    def take(self, viewer: Viewer) -> None:
        self._viewers = (*self._viewers, viewer)

    def leave(self, viewer: Viewer) -> None:
        self._viewers = tuple(one for one in self._viewers if one is not viewer)

    def show(self, shown: Shown) -> None:
        self.newest = shown
        for viewer in self._viewers:
            viewer.pictures.put(shown)


class Stage:
    """See `streamer.sources.taps.ViewTap`: its two methods are the decode thread's, all others the loop's."""

    def __init__(self, redactor: Redactor, coder: Coder, clock: Clock) -> None:
        """`redactor`: hides what must not be seen; the coder's thread alone asks it."""
        self._redactor, self._coder, self._clock = redactor, coder, clock
        self._seats: dict[int, Seats] = {}
        self._asked: tuple[tuple[int, Pace], ...] = ()
        """Replaced as a whole; empty while nobody looks."""

    def due(self, media_s: float) -> Sequence[int]:
        if not self._asked:
            return ()
        return [width for width, pace in self._asked if pace.wants(media_s)]

    def show(self, width: int, media_s: float, planes: Planes) -> None:
        seats = self._seats.get(width)
        if seats is not None:  # else everybody left a moment ago
            self._coder.offer(seats, Seen(planes, media_s, self._clock.monotonic()), self._redactor)

    @property
    def viewers(self) -> int:
        return sum(len(seats.viewers) for seats in self._seats.values())

    def newest(self, width: int) -> Shown | None:
        """What was shown last, while somebody looks."""
        seats = self._seats.get(width)
        return None if seats is None else seats.newest

    def enter(self, width: int, viewer: Viewer) -> None:
        self._seats.setdefault(width, Seats()).take(viewer)
        self._ask()

    def leave(self, width: int, viewer: Viewer) -> None:
        seats = self._seats[width]
        seats.leave(viewer)
        if seats.is_empty:
            del self._seats[width]
        viewer.pictures.leave()
        self._ask()

    def end(self) -> None:
        """Nothing will be shown any more: whoever looks is told so."""
        for seats in self._seats.values():
            for viewer in seats.viewers:
                viewer.pictures.close()

    def _ask(self) -> None:
        """Ask for what the quickest viewer of each width wants; people are not looked for more often than in clips."""
        least_s = LOOK_S if self._redactor.privacy.blur == "people" else 0.0
        known, asked = dict(self._asked), []
        for width, seats in self._seats.items():
            interval_s = max(least_s, min(viewer.interval_s for viewer in seats.viewers))
            pace = known.get(width)
            asked.append((width, pace if pace is not None and pace.interval_s == interval_s else Pace(interval_s)))
        self._asked = tuple(asked)
