"""The doctor looks at cameras: what they deliver against what recognizers ask for, and what to do."""

from __future__ import annotations

from pathlib import Path

from streamer.clock import SystemClock
from streamer.doctor import Finding, Grade, cameras
from streamer.testing.feeds import FilmFeed, PictureFeed
from streamer.testing.rtsp import Fault, RtspCamera
from tests.streamer.doctor.findings import worst
from tests.streamer.settings.files import VALID, read, write_card
from tests.streamer.sources.cameras import CLOCK, draw, film, picture_feed

QUICK = "open_timeout_s: 1.0, read_timeout_s: 0.4, stall_timeout_s: 2.5"


class AnHourAhead(SystemClock):
    def now(self) -> float:
        return super().now() + 3600


async def looked_at(folder: Path, *urls: str, more: str = QUICK) -> list[Finding]:
    """Findings on cameras at these addresses, which are called cell-4, cell-5 …"""
    write_card(folder / "cell.safetensors")  # asks for 10 pictures a second
    head, _, stream = VALID.partition("  - id: cell-4\n")
    blocks = "".join(f"  - id: cell-{n}\n{stream.replace('rtsp://cam4/main', url)}" for n, url in enumerate(urls, 4))
    text = (head + blocks).replace('"}', f'", {more}}}')
    return await cameras.look(read(folder, text), SystemClock())


async def test_a_good_camera_is_described(tmp_path: Path) -> None:
    async with RtspCamera(FilmFeed(film(tmp_path), CLOCK)) as camera:
        (found,) = await looked_at(tmp_path, camera.url)
    assert found.grade is Grade.GOOD
    assert found.says.startswith("h264 320x180, 2")
    assert found.says.endswith("over tcp")


async def test_each_camera_that_fails_says_why_and_what_to_do_and_never_the_password(tmp_path: Path) -> None:
    silent = RtspCamera(picture_feed())
    silent.fault = Fault.SILENT
    async with RtspCamera(picture_feed(), login=("user", "right")) as guarded, silent:
        host = guarded.url.rpartition("@")[2]
        found = await looked_at(tmp_path, f"rtsp://user:C4N4RY@{host}", silent.url, "rtsp://127.0.0.1:1/main")
    auth, timeout, refused = worst(found)
    assert [one.about for one in found] == ["cell-4", "cell-5", "cell-6"]
    assert all(one.grade is Grade.BAD for one in found)
    assert "auth" in auth.says
    assert "password" in auth.fix
    assert "timeout" in timeout.says
    assert "refused" in refused.says
    assert "C4N4RY" not in repr(found)


async def test_too_few_pictures_are_told(tmp_path: Path) -> None:
    async with RtspCamera(PictureFeed(draw, 4, CLOCK)) as camera:
        (slow,) = worst(await looked_at(tmp_path, camera.url, more="stall_timeout_s: 10.0"))
    assert slow.grade is Grade.WARNING
    assert "recognizers ask for 10.0" in slow.says


async def test_a_clock_that_is_off_is_told_by_how_much(tmp_path: Path) -> None:
    ahead = AnHourAhead()
    async with RtspCamera(PictureFeed(draw, 25, ahead), clock=ahead) as camera:
        found = await looked_at(tmp_path, camera.url)
    (off,) = [one for one in worst(found) if "clock" in one.says]
    assert "off by +3600 s" in off.says
    assert "NTP" in off.fix


async def test_what_comes_over_webrtc_is_left_to_the_service(tmp_path: Path) -> None:
    write_card(tmp_path / "cell.safetensors")
    source = 'source: {kind: rtsp, url: "rtsp://cam4/main"}'
    (found,) = await cameras.look(read(tmp_path, VALID.replace(source, "source: {kind: whip}")), SystemClock())
    assert "WebRTC" in found.says
