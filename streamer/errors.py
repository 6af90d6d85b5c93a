"""Errors of the service, named by remedy.

TaktError
├── ConfigError         the operator mends the configuration
├── SourceUnavailable   the camera is not there now: wait and try again
├── SourceRejected      the camera or its stream is wrong (password, no video, too large): alert, try rarely
├── OfferRefused        a peer offers what cannot be taken: it must offer something else
├── NotKept             these seconds of a stream are not at hand: wait, or mark a later moment
├── ClipUnwritable      the disk does not take a clip: make room
├── NobodyThere         no service runs over this data folder: start it, or do without
├── Exists              there is one of that name already: change it, or choose another name
├── NotNow              too many ask, or it is not there yet: ask again
├── SinkUnavailable     the broker is not there now: keep the message, try again
├── MessageRejected     the broker refuses this very message: set it aside, alert
└── OutboxUnavailable   the disk does not take events now: keep analysing, alert, try again
"""

from __future__ import annotations

from collections.abc import Sequence


class TaktError(Exception):
    """Base of everything the service raises on purpose. Its text never holds a secret."""


class ConfigError(TaktError):
    """Every mistake of a configuration at once."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
        """One line each: `file:line: path: what is wrong, what would be right`."""


class SourceUnavailable(TaktError):
    """The source cannot deliver now; the same attempt may work later."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        """One word for metrics: refused, timeout, stall, eof, dns, decode, ts_jump, protocol, changed."""
        self.detail = detail


class SourceRejected(TaktError):
    """The source will not deliver until somebody changes something."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        """One word for metrics: auth, not_found, no_video, too_large, codec, tls, denied, not_video."""
        self.detail = detail


class OfferRefused(TaktError):
    """A peer's session description is no such thing, or offers what is not taken. The text is for the peer."""

    def __init__(self, detail: str, malformed: bool = False) -> None:
        super().__init__(detail)
        self.malformed = malformed
        """No session description at all, rather than one of something else."""


class RecordingBroken(SourceRejected):
    """A recording cannot be read on from here. From its beginning it would be the same: what it showed stands."""


class NotKept(TaktError):
    """The coded pictures of these seconds are no longer kept, or not yet."""


class ClipUnwritable(TaktError):
    """A clip cannot be stored (disk full, read-only, a codec that no MP4 holds)."""


class NobodyThere(TaktError):
    """No service runs over a data folder."""


class Exists(TaktError):
    """Something of that name is there already."""


class NotNow(TaktError):
    """Too many ask at a time, or what is asked for is not there yet."""

    def __init__(self, words: str, retry_s: int = 2) -> None:
        super().__init__(words)
        self.retry_s = retry_s
        """Seconds after which asking again makes sense."""


def too_many_look(stream: str, of_this: int, of_all: int) -> NotNow:
    """So many look at a stream, and at all of them together."""
    words = f"{of_this} look at {stream} and {of_all} at all streams, which is as many as may"
    return NotNow(f"{words}; close a page, or raise live.viewers and live.stream_viewers")


class SinkUnavailable(TaktError):
    """The sink cannot take the message now."""


class MessageRejected(TaktError):
    """The sink will never take this message."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OutboxUnavailable(TaktError):
    """The outbox cannot store now (disk full, read-only, locked)."""
