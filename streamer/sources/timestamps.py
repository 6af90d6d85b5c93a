"""Media time and wall time of decoded frames. Pure: what time it is comes as an argument."""

from __future__ import annotations

from typing import Literal

from streamer.errors import SourceUnavailable

ClockKind = Literal["rtcp", "arrival"]

_REORDER_S = 1.0
_MAX_AHEAD_S = 5.0
_MAX_MISSING = 6

TRUST_S = 2.0
"""A camera's clock is believed while it is no farther than this from arrival."""
_SETTLING_S = 2.0
_SETTLING_SLEW = 0.5
_SLEW = 0.005
_WINDOW_S = 10.0
_PARTED_S = 30.0


class MediaTime:
    """Checks a stream's own timestamps and counts media time from the first of them.

    Cameras and FFmpeg lie about time: an RTP timestamp that goes back one hour arrives as a jump of 12 h forward.
    Any jump ends the epoch, so that no duration is ever measured across one.
    """

    def __init__(self) -> None:
        self._first: float | None = None
        self._last = 0.0
        self._last_arrival: float | None = None
        self._missing = 0

    def advance(self, pts_s: float | None, arrival_s: float | None) -> float | None:
        """Media seconds since the first frame; None for a frame to leave out (late by a little, twice, or without
        a time).

        Args:
            pts_s: the frame's own time in seconds, if it has one.
            arrival_s: monotonic seconds at which it came; None for recorded input, where gaps are not faults.

        Raises:
            SourceUnavailable: `ts_jump`: time went back, leapt ahead of arrival, or is missing again and again.
        """
        if pts_s is None:
            self._missing += 1
            if self._missing > _MAX_MISSING:
                raise SourceUnavailable("ts_jump", f"{self._missing} frames in a row carry no timestamp")
            return None
        self._missing = 0
        if self._first is None:
            self._first = pts_s
        else:
            step = pts_s - self._last
            if step < -_REORDER_S:
                raise SourceUnavailable("ts_jump", f"the stream's time went back by {-step:.1f} s")
            if arrival_s is not None and self._last_arrival is not None:
                ahead = step - (arrival_s - self._last_arrival)
                if ahead > _MAX_AHEAD_S:
                    raise SourceUnavailable("ts_jump", f"the stream's time leapt ahead by {ahead:.1f} s")
            if step <= 0:
                return None
        self._last, self._last_arrival = pts_s, arrival_s
        return pts_s - self._first


class WallTime:
    """Unix seconds by this machine's clock that do not step when somebody sets it. One per epoch.

    Monotonic time plus an offset that is read once and then follows by at most 5 ms a second: a clock that is
    put right by a second is followed within minutes, one that is put right by a day with the next epoch, and
    neither ends anything.
    """

    def __init__(self) -> None:
        self._offset: float | None = None
        self._last_s = 0.0
        self.off_s = 0.0
        """How far the machine's clock was ahead at the last call."""

    def at(self, monotonic_s: float, now: float) -> float:
        """Unix seconds at `monotonic_s`, which must not decrease; `now` is what the machine's clock says then."""
        offset = now - monotonic_s
        if self._offset is None:
            self._offset = offset
        reach = _SLEW * (monotonic_s - self._last_s)
        self._last_s = monotonic_s
        self._offset += min(max(offset - self._offset, -reach), reach)
        self.off_s = offset - self._offset
        return monotonic_s + self._offset


class CaptureTime:
    """Wall time of frames: media time plus an offset that is slewed and never steps within an epoch.

    The offset follows the camera's own clock (RTCP sender reports) while that lies within 2 s of arrival, else
    the earliest arrivals of the last 10 to 20 s: packets are late by chance, never early. After 2 s of
    settling (a connection often starts with a backlog) it moves by at most 5 ms a second.
    """

    def __init__(self) -> None:
        self._offset: float | None = None
        self._media_s = 0.0
        self._window_end = _WINDOW_S
        self._earliest = self._earliest_before = float("inf")
        self.kind: ClockKind = "arrival"

    def captured_at(self, media_s: float, arrived_at: float, reported_at: float | None = None) -> float:
        """Unix seconds at which a frame was captured; grows with `media_s`.

        Args:
            media_s: the frame's media time; must grow from call to call.
            arrived_at: Unix seconds that never step (`WallTime`).
            reported_at: Unix seconds by the camera's clock, if it reports them.

        Raises:
            SourceUnavailable: `ts_jump`: wall time and media time parted for good (the camera counts its own seconds).
        """
        arrival = self._earliest_arrival(media_s, arrived_at - media_s)
        trusted = reported_at is not None and abs(reported_at - arrived_at) <= TRUST_S
        self.kind = "rtcp" if trusted else "arrival"
        target = reported_at - media_s if trusted and reported_at is not None else arrival
        if self._offset is None:
            self._offset = target
        else:
            if abs(arrival - self._offset) > _PARTED_S:
                raise SourceUnavailable("ts_jump", f"wall time and media time parted by {arrival - self._offset:.1f} s")
            rate = _SETTLING_SLEW if media_s < _SETTLING_S else _SLEW
            reach = rate * (media_s - self._media_s)
            self._offset += min(max(target - self._offset, -reach), reach)
        self._media_s = media_s
        return media_s + self._offset

    def _earliest_arrival(self, media_s: float, offset: float) -> float:
        if media_s >= self._window_end:
            self._window_end = media_s + _WINDOW_S
            self._earliest_before, self._earliest = self._earliest, offset
        else:
            self._earliest = min(self._earliest, offset)
        return min(self._earliest, self._earliest_before)
