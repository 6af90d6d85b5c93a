"""How every stream is connected, for whoever asks. Told by the worker; lives on the event loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from streamer.clock import Clock
from streamer.sources.reconnect import Change
from streamer.sources.remedies import REMEDIES
from streamer.views import State, StreamView

_STALLED = {
    "no_frames": "connected, but no pictures come: check the camera's video settings and the network, or restart it",
    "no_decisions": "pictures come, but no network answers in time: this machine may be too busy",
}
_BLIND = {
    "frozen": "the picture does not change: restart the camera",
    "dark": "the picture is dark: check the light, and the cap of the lens",
    "blocked": "something stands before the camera: check its lens and where it looks",
}

_DEGRADED = "degraded: one of {} of its clips is looked at, since there is too little time for all streams"


class Register:
    """A `StreamView` of each stream, kept up to date."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._views: dict[str, StreamView] = {}
        self._decoded: dict[str, tuple[int, float]] = {}
        """Pictures that were decoded when they were counted last, and when that was."""

    def add(self, view: StreamView) -> None:
        self._views[view.id] = replace(view, since_at=self._clock.now(), words=_connecting(view))

    def remove(self, stream: str) -> None:
        self._views.pop(stream, None)
        self._decoded.pop(stream, None)

    def stopped(self, stream: str) -> None:
        """Somebody stopped it."""
        self._become(stream, "stopped", "stopped", "stopped; start it again when it is to be looked at")

    def changed(self, stream: str, change: Change) -> None:
        """Its connection came or went."""
        view = self._views.get(stream)
        if view is None:
            return
        remedy = REMEDIES.get(change.reason, "")
        apart = " " if change.detail.endswith("?") else "; "
        words = apart.join(part for part in (change.detail, remedy) if part)
        if change.state == "stopped":
            return self.stopped(stream)
        if change.state == "connecting":
            # While it is tried again, what went wrong before is still what people want to know.
            if view.state in ("backoff", "rejected"):
                self._views[stream] = replace(view, epoch=change.epoch)
            else:
                self._become(stream, "connecting", "connecting", _connecting(view), change.epoch)
            return
        if view.kind == "whip" and change.reason in ("eof", "timeout"):
            words = _connecting(view)
        self._become(stream, change.state, change.reason or change.state, words, change.epoch)

    def status(self, stream: str, body: Mapping[str, object]) -> None:
        """What is shown of it to others; see takt.status.v1."""
        view = self._views.get(stream)
        if view is None:
            return
        if body["status"] == "stalled":
            reason = str(body["reason"])
            self._become(stream, "stalled", reason, _STALLED.get(reason, ""))
        elif body["status"] == "online" and view.state in ("live", "stalled"):
            blind = str(body["sight"]) if body["sight"] in _BLIND else ""
            level = int(str(body.get("degraded", 0)))
            words = _BLIND.get(blind, _DEGRADED.format(level + 1) if level else "")
            self._become(stream, "live", "live", words, blind=blind)

    def decoded(self, stream: str, pictures: int) -> None:
        """How many pictures of it were decoded by now, since the service began."""
        view, now = self._views.get(stream), self._clock.monotonic()
        before, at = self._decoded.get(stream, (pictures, now))
        if view is None or (stream in self._decoded and now - at < 1.0):
            return
        self._decoded[stream] = pictures, now
        fps = (pictures - before) / (now - at) if now > at else 0.0
        if fps != view.fps:
            self._views[stream] = replace(view, fps=round(fps, 1))

    def view(self, stream: str) -> StreamView:
        """Raises KeyError: there is no such stream."""
        return self._views[stream]

    def views(self) -> list[StreamView]:
        """In the order in which they were added."""
        return list(self._views.values())

    def _become(
        self, stream: str, state: State, reason: str, words: str, epoch: int | None = None, blind: str = ""
    ) -> None:
        view = self._views.get(stream)
        if view is None:
            return
        since = view.since_at if (view.state, view.reason) == (state, reason) else self._clock.now()
        self._views[stream] = replace(
            view,
            state=state,
            reason=reason,
            words=words,
            since_at=since,
            epoch=view.epoch if epoch is None else epoch,
            blind=blind,
        )


def _connecting(view: StreamView) -> str:
    return f"waits for somebody to publish to /whip/{view.id}" if view.kind == "whip" else "connecting"
