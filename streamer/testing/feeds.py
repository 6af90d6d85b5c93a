"""What a scriptable camera shows: pictures drawn as time goes, a film in a loop, or a decompression bomb."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Protocol

import av
from av.bitstream import BitStreamFilterContext
from av.video.frame import PictureType

from recognizers.clip import Picture
from streamer.clock import Clock
from streamer.testing.rtp import AccessUnit, parameter_sets, payloads, split_annex_b

_BACKLOG = 50


class Feed(Protocol):
    """Coded pictures as they are captured."""

    @property
    def parameter_sets(self) -> tuple[bytes, bytes]:
        """SPS and PPS."""
        ...

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    def units(self) -> AsyncGenerator[AccessUnit, None]:
        """One client's pictures, from a key frame on, in real time."""
        ...


class FilmFeed:
    """The H.264 packets of a film, looped without re-encoding; every client starts at its beginning."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._clock = clock
        coded: list[tuple[float, float, tuple[bytes, ...], bool]] = []
        with av.open(str(path)) as film:
            stream = film.streams.video[0]
            to_annex_b = BitStreamFilterContext("h264_mp4toannexb", stream)
            tick = float(stream.time_base or 0)
            self._period_s = 1.0 / float(stream.average_rate or 25)
            for packet in film.demux(stream):
                if packet.dts is None or packet.pts is None:
                    continue
                dts_s, pts_s, keyframe = packet.dts * tick, packet.pts * tick, packet.is_keyframe
                for part in to_annex_b.filter(packet):  # empties the packet
                    nals = split_annex_b(bytes(part))
                    if not coded:
                        self._sets = parameter_sets(nals)
                    coded.append((dts_s, pts_s, payloads(nals), keyframe))
        start = coded[0][0]
        self._coded = [(dts - start, pts - start, cut, key) for dts, pts, cut, key in coded]
        self._length_s = self._coded[-1][0] + self._period_s

    @property
    def parameter_sets(self) -> tuple[bytes, bytes]:
        return self._sets

    async def start(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def units(self) -> AsyncGenerator[AccessUnit, None]:
        began_s, began_at = self._clock.monotonic(), self._clock.now()
        for loop in count():
            offset_s = loop * self._length_s
            for dts_s, pts_s, cut, keyframe in self._coded:
                early_s = began_s + offset_s + dts_s - self._clock.monotonic()
                if early_s > 0:
                    await self._clock.sleep(early_s)
                yield AccessUnit(began_at + offset_s + pts_s, cut, keyframe)


class PictureFeed:
    """Pictures drawn live and coded in one thread for all clients; a slow machine leaves pictures out."""

    def __init__(self, draw: Callable[[float], Picture], fps: int, clock: Clock, bit_rate: int = 1_500_000) -> None:
        """`draw` gets seconds since `began_at` and returns `(H, W, 3)` uint8 RGB with even H and W."""
        self._draw = draw
        self._fps = fps
        self._clock = clock
        self._bit_rate = bit_rate
        self._stopped = threading.Event()
        self._key_wanted = threading.Event()
        self._ready = asyncio.Event()
        self._clients: set[_Client] = set()
        self._failure: Exception | None = None
        self._thread: threading.Thread | None = None
        self._sets: tuple[bytes, bytes] | None = None
        self.began_at = 0.0
        """Unix seconds of the first picture."""

    @property
    def parameter_sets(self) -> tuple[bytes, bytes]:
        if self._sets is None:
            raise RuntimeError("the feed has not been started")
        return self._sets

    async def start(self) -> None:
        """Return when the first picture is coded; raises what drawing or coding it raised."""
        loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, args=(loop,), name="camera encoder", daemon=True)
        self._thread.start()
        await self._ready.wait()
        if self._failure is not None:
            raise self._failure

    async def close(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()  # at most one picture's time

    async def units(self) -> AsyncGenerator[AccessUnit, None]:
        client = _Client()
        self._clients.add(client)
        self._key_wanted.set()
        try:
            while True:
                yield await client.take()
        finally:
            self._clients.discard(client)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            self._encode(loop)
        except RuntimeError as failure:
            self._failure = None if loop.is_closed() else failure
        except Exception as failure:
            self._failure = failure
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._ready.set)

    def _encode(self, loop: asyncio.AbstractEventLoop) -> None:
        began_s, self.began_at = self._clock.monotonic(), self._clock.now()
        encoder: av.VideoCodecContext | None = None
        number = 0
        while not self._stopped.wait(max(0.0, began_s + number / self._fps - self._clock.monotonic())):
            picture = self._draw(number / self._fps)
            if encoder is None:
                encoder = self._encoder(picture)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            if self._key_wanted.is_set():
                self._key_wanted.clear()
                frame.pict_type = PictureType.I
            for packet in encoder.encode(frame):
                nals = split_annex_b(bytes(packet))
                if self._sets is None:
                    self._sets = parameter_sets(nals)
                unit = AccessUnit(self.began_at + number / self._fps, payloads(nals), bool(packet.is_keyframe))
                loop.call_soon_threadsafe(self._hand_out, unit)
            number = max(number + 1, int((self._clock.monotonic() - began_s) * self._fps))

    def _encoder(self, picture: Picture) -> av.VideoCodecContext:
        encoder = av.VideoCodecContext.create("libx264", "w")
        encoder.height, encoder.width = picture.shape[:2]
        encoder.pix_fmt, encoder.bit_rate = "yuv420p", self._bit_rate
        encoder.time_base = Fraction(1, self._fps)
        encoder.thread_count = 1
        # In-band parameter sets, and a new client's key frame is one it can start from (IDR).
        encoder.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "g": str(2 * self._fps),
            "forced-idr": "1",
            "x264-params": "repeat-headers=1:sliced-threads=0",
        }
        return encoder

    def _hand_out(self, unit: AccessUnit) -> None:
        self._ready.set()
        for client in self._clients:
            client.give(unit)


class _Client:
    """Pictures on their way to one client: from a key frame on, and from the next one after an overflow."""

    def __init__(self) -> None:
        self._units: deque[AccessUnit] = deque()
        self._some = asyncio.Event()
        self._waits_for_key = True

    def give(self, unit: AccessUnit) -> None:
        if len(self._units) >= _BACKLOG:
            self._units.clear()
            self._waits_for_key = True
        if self._waits_for_key and not unit.keyframe:
            return
        self._waits_for_key = False
        self._units.append(unit)
        self._some.set()

    async def take(self) -> AccessUnit:
        while not self._units:
            self._some.clear()
            await self._some.wait()
        return self._units.popleft()
