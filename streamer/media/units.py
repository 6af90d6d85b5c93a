"""How coded pictures are described that came in no container."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from fractions import Fraction

import av
import av.error

from streamer.media.mp4 import coding_of
from streamer.media.packets import Coding


def coding_of_unit(codec: str, data: bytes, time_base: Fraction) -> Coding | None:
    """What FFmpeg reads off a key frame (h264 with its parameter sets, or vp8); None where it reads nothing."""
    if codec == "vp8":
        data = _ivf(data)
    try:
        with av.open(io.BytesIO(data), format="ivf" if codec == "vp8" else codec) as container:
            return replace(coding_of(container.streams.video[0]), time_base=time_base)
    except (av.error.FFmpegError, IndexError, ValueError):
        return None


def _ivf(frame: bytes) -> bytes:
    """The least of a container: its head of 32 bytes says VP8, and the frame's of 12 how long it is."""
    head = struct.pack("<4sHH4sHHIII4x", b"DKIF", 0, 32, b"VP80", 0, 0, 90_000, 1, 1)
    return head + struct.pack("<IQ", len(frame), 0) + frame
