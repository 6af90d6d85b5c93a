"""A decompression bomb: a few bytes of H.264 that ask a decoder for 200 megabytes a picture."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from streamer.clock import Clock
from streamer.testing.rtp import AccessUnit


class _Bits:
    """Writes the fields of an H.264 header (ITU-T H.264, 7.2 and 9.1)."""

    def __init__(self) -> None:
        self._bits = ""

    def u(self, width: int, value: int) -> _Bits:
        self._bits += format(value, f"0{width}b")
        return self

    def ue(self, *values: int) -> _Bits:
        for value in values:
            code = format(value + 1, "b")
            self._bits += "0" * (len(code) - 1) + code
        return self

    def nal(self, header: int) -> bytes:
        bits = self._bits + "1"
        bits += "0" * (-len(bits) % 8)
        body = int(bits, 2).to_bytes(len(bits) // 8, "big")
        safe = bytearray()
        for byte in body:  # emulation prevention
            if byte <= 3 and safe[-2:] == b"\x00\x00":
                safe.append(3)
            safe.append(byte)
        return bytes((header,)) + bytes(safe)


def _sps(width: int, height: int) -> bytes:
    bits = _Bits().u(8, 66).u(8, 0).u(8, 62)  # baseline, level 6.2
    bits.ue(0, 0, 2, 1).u(1, 0)  # id, frame number bits, order by decoding, one reference
    bits.ue(width // 16 - 1, height // 16 - 1)
    return bits.u(1, 1).u(1, 1).u(1, 0).u(1, 0).nal(0x67)


def _pps() -> bytes:
    bits = _Bits().ue(0, 0).u(1, 0).u(1, 0).ue(0, 0, 0).u(1, 0).u(2, 0)
    return bits.ue(0, 0, 0).u(1, 0).u(1, 0).u(1, 0).nal(0x68)


def _idr() -> bytes:
    """A key frame whose macroblocks are missing: the decoder fills in the picture by itself."""
    return _Bits().ue(0, 7, 0).u(4, 0).ue(0).u(2, 0).ue(0).ue(3, 0, 0).nal(0x65)


class BombFeed:
    """Key frames of 16384 x 8192 pixels, ten a second."""

    def __init__(self, clock: Clock, width: int = 16384, height: int = 8192) -> None:
        self._clock = clock
        self._sets = (_sps(width, height), _pps())

    @property
    def parameter_sets(self) -> tuple[bytes, bytes]:
        return self._sets

    async def start(self) -> None:
        await asyncio.sleep(0)

    async def close(self) -> None:
        await asyncio.sleep(0)

    async def units(self) -> AsyncGenerator[AccessUnit, None]:
        while True:
            yield AccessUnit(self._clock.now(), (*self._sets, _idr()), True)
            await self._clock.sleep(0.1)
