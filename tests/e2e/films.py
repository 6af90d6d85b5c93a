"""Films that cameras play in these tests."""

from __future__ import annotations

from pathlib import Path

from streamer.testing.film import moving_square, write_film


def film(folder: Path, fps: int = 25, size: tuple[int, int] = (320, 180), seconds: float = 4, **encoder: str) -> Path:
    """A bright square that circles; `encoder` overrides how a camera would encode it."""
    name = f"{fps}-{size[0]}x{size[1]}{''.join(encoder.values())}.mp4"
    return write_film(folder / name, moving_square(seconds, fps, *size), fps, **encoder)  # type: ignore[arg-type]
