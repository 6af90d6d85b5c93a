"""A real headless Chromium whose camera is a file."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import av
import pytest
from playwright.async_api import Page, async_playwright

from recognizers.clip import Picture


def camera_file(path: Path, pictures: list[Picture], fps: int = 25) -> Path:
    """What Chromium takes for a camera: MJPEG, shown again and again."""
    with av.open(str(path), "w", format="mjpeg") as film:
        stream = film.add_stream("mjpeg", rate=fps)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuvj420p"
        for picture in pictures:
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        film.mux(stream.encode(None))
    return path


@asynccontextmanager
async def browser(camera: Path) -> AsyncIterator[Page]:
    """A page of it. Whoever asks for the camera is given it; nothing but this machine is reached."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed (scripts/install-servers)")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(
            executable_path=chromium,
            args=[
                "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-video-capture={camera}", "--allow-loopback-in-peer-connection", "--no-sandbox",
            ],
        )  # fmt: skip
        try:
            yield await running.new_page()
        finally:
            await running.close()
