"""What cameras deliver, and whether it is what their recognizers ask for."""

from __future__ import annotations

import asyncio

from recognizers.card import checkpoint_path, read_card
from recognizers.errors import CheckpointMismatch
from recognizers.huggingface import KIND
from streamer.build import address_of
from streamer.clock import Clock
from streamer.doctor.finding import Finding, Notes
from streamer.errors import ConfigError
from streamer.peers import endpoint_of, ice_options
from streamer.settings import Settings, Stream, WhepSource, WhipSource
from streamer.sources.peer_probe import probe_whep
from streamer.sources.probe import ProbeReport, probe
from streamer.sources.webrtc import HAS_AIORTC, MISSING

AT_ONCE = 8
SECONDS = 3.0
"""How long each is looked at."""
LONGEST_GOP_S = 4.0
SHARE = 0.8
"""Of the pictures that were promised or are needed."""


async def look(settings: Settings, clock: Clock) -> list[Finding]:
    free = asyncio.Semaphore(AT_ONCE)

    async def one(stream: Stream) -> list[Finding]:
        if isinstance(stream.source, WhipSource):
            notes = Notes.of("cameras", stream.id)
            notes.good("is published over WebRTC (whip): only the running service can tell")
            return notes.found
        async with free:
            report = await _report(settings, stream, clock)
        return _judged(stream, report, _needed_fps(settings, stream))

    async with asyncio.TaskGroup() as group:
        looks = [group.create_task(one(stream)) for stream in settings.streams]
    return [finding for one_look in looks for finding in one_look.result()]


async def _report(settings: Settings, stream: Stream, clock: Clock) -> ProbeReport:
    source = stream.source
    if not isinstance(source, WhepSource):
        return await probe(address_of(source), SECONDS, clock)
    try:
        endpoint, ice = endpoint_of(stream.id, source), ice_options(settings.webrtc)
    except ConfigError as error:
        return ProbeReport("its token, or a TURN server's password", "webrtc", reason="config", detail=str(error))
    if not HAS_AIORTC:
        return ProbeReport(endpoint.shown, "webrtc", reason="config", detail=MISSING)
    return await probe_whep(endpoint, SECONDS, clock, ice)


def _judged(stream: Stream, report: ProbeReport, needed_fps: float | None) -> list[Finding]:
    notes = Notes.of("cameras", stream.id)
    if not report.ok:
        notes.bad(f"{report.url}: {report.reason} ({report.detail})", report.advice or "see its manual")
        return notes.found
    fps, declared = report.delivered_fps, report.declared_fps
    rate = "" if fps is None else f", {fps:.1f} pictures/s"
    notes.good(f"{report.codec} {report.width}x{report.height}{rate} over {report.transport}")
    if fps is not None and needed_fps is not None and fps < SHARE * needed_fps:
        says = f"delivers {fps:.1f} pictures/s, and its recognizers ask for {needed_fps:.1f}"
        notes.warn(says, "raise the camera's rate, or train a network with a longer interval_s")
    elif fps is not None and declared is not None and fps < SHARE * declared:
        says = f"delivers {fps:.1f} of the {declared:.1f} pictures/s that it declares"
        notes.warn(
            says, "pictures are lost on the way, or it lowers its rate in the dark: check the network, its exposure"
        )
    if report.keyframe_interval_s is not None and report.keyframe_interval_s > LONGEST_GOP_S:
        says = f"a key frame every {report.keyframe_interval_s:.1f} s: so long it takes to see again after a loss"
        notes.warn(says, "set the camera's key frame (GOP, I-frame) interval to 1 or 2 s")
    if report.clock_off_s is not None and report.time_source != "rtcp":
        says = f"its clock is off by {report.clock_off_s:+.0f} s; times of its events are those of arrival"
        notes.warn(says, "give the camera the NTP server of this machine")
    if report.advice:
        notes.warn("is no live stream", report.advice)
    if not getattr(stream.source, "tls_verify", True):
        notes.warn("its certificate is not verified", "give its certificate as ca_file, and leave out tls_verify")
    return notes.found


def _needed_fps(settings: Settings, stream: Stream) -> float | None:
    """Pictures a second that the most demanding of its recognizers is shown; None where no card says it."""
    intervals = []
    for watch in stream.watches:
        section = settings.recognizers[watch.recognizer]
        try:
            if section.kind != KIND:
                intervals.append(read_card(checkpoint_path(section.checkpoint)).spec.interval_s)
        except CheckpointMismatch:
            continue  # told where networks are looked at
    return 1 / min(intervals) if intervals else None
