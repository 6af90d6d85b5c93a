"""Session descriptions (RFC 8866) as strangers write them: looked at before a library does. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from streamer.errors import OfferRefused

_LINES = 2000
_CANDIDATES = 64
_CODECS = ("h264", "vp8")
_FINGERPRINT = re.compile(r"sha-\d{1,3} [0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){19,63}")


@dataclass(frozen=True, slots=True)
class _Media:
    kind: str
    lines: tuple[str, ...]

    def has(self, *lines: str) -> bool:
        return any(line in self.lines for line in lines)

    def values(self, name: str) -> list[str]:
        start = f"a={name}:"
        return [line.removeprefix(start) for line in self.lines if line.startswith(start)]


def checked_offer(text: str) -> str:
    """An offer of one video track, without what shall not be acted on.

    Names of hosts (`….local`) among its candidates are left out: asking the network for them would let a stranger
    decide what is asked for. A peer that hides its address so is found by what it sends.

    Raises:
        OfferRefused: it is none, offers no video or more than one, more than one sound track, data channels, or neither
            H.264 nor VP8.
    """
    session, media = _parted(text)
    kinds = [one.kind for one in media]
    if unknown := set(kinds) - {"audio", "video"}:
        words = "data channels are" if unknown == {"application"} else f"{', '.join(sorted(unknown))[:40]} is"
        raise OfferRefused(f"{words} not taken; offer one video track")
    if kinds.count("video") != 1 or kinds.count("audio") > 1:
        counts = f"{kinds.count('video')} video and {kinds.count('audio')} audio tracks"
        raise OfferRefused(f"{counts} are offered; offer one video track (sound is not listened to)")
    video = media[kinds.index("video")]
    if video.has("a=recvonly", "a=inactive") or (session.has("a=recvonly") and not video.has("a=sendonly")):
        raise OfferRefused("no video is offered: its track does not send")
    codecs = {value.partition(" ")[2].partition("/")[0].lower() for value in video.values("rtpmap")}
    if not codecs & set(_CODECS):
        raise OfferRefused("the video is offered in neither H.264 nor VP8")
    for name in ("fingerprint", "ice-ufrag", "ice-pwd"):
        if not video.values(name) and not session.values(name):
            raise OfferRefused(f"there is no a={name}", malformed=True)
    if not all(map(_FINGERPRINT.fullmatch, [*video.values("fingerprint"), *session.values("fingerprint")])):
        raise OfferRefused("a=fingerprint is none (RFC 8122)", malformed=True)
    return _without_names(text)


def checked_answer(text: str) -> str:
    """An answer, without what shall not be acted on (see `checked_offer`).

    Raises:
        OfferRefused: it is none.
    """
    _parted(text)
    return _without_names(text)


def is_reachable(candidate: str) -> bool:
    """Whether a candidate line gives an address, rather than the name of one."""
    fields = candidate.split()
    return (
        len(fields) >= 8 and fields[0].startswith(("a=candidate:", "candidate:")) and not fields[4].endswith(".local")
    )


def _parted(text: str) -> tuple[_Media, list[_Media]]:
    lines = text.splitlines()
    if not lines or lines[0] != "v=0":
        raise OfferRefused("a session description begins with v=0", malformed=True)
    if len(lines) > _LINES:
        raise OfferRefused(f"it has {len(lines)} lines; at most {_LINES}", malformed=True)
    if sum(line.startswith("a=candidate:") for line in lines) > _CANDIDATES:
        raise OfferRefused(f"it has more than {_CANDIDATES} candidates", malformed=True)
    starts = [n for n, line in enumerate(lines) if line.startswith("m=")]
    if not starts:
        raise OfferRefused("it offers no media", malformed=True)
    parts = [tuple(lines[start:end]) for start, end in pairwise([*starts, len(lines)])]
    media = [_Media(part[0].removeprefix("m=").partition(" ")[0], part) for part in parts]
    return _Media("session", tuple(lines[: starts[0]])), media


def _without_names(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.startswith("a=candidate:") or is_reachable(line)]
    return "\r\n".join([*lines, ""])


@dataclass(frozen=True, slots=True)
class Fragment:
    """What trickles in after an offer (RFC 8840)."""

    candidates: tuple[str, ...]
    names: frozenset[str]
    """User fragments of ICE that it names."""


def fragment(text: str) -> Fragment:
    """Parse it.

    Raises:
        OfferRefused: it names nothing, or too much.
    """
    lines = text.splitlines()
    candidates = tuple(line for line in lines if line.startswith("a=candidate:"))
    if len(candidates) > _CANDIDATES or not any(line.startswith("a=") for line in lines):
        raise OfferRefused(f"it must have a= lines, and at most {_CANDIDATES} candidates", malformed=True)
    return Fragment(candidates, ice_names(text))


def ice_names(text: str) -> frozenset[str]:
    """The user fragments of ICE in a session description."""
    start = "a=ice-ufrag:"
    return frozenset(line.removeprefix(start) for line in text.splitlines() if line.startswith(start))
