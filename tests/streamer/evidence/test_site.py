"""Kept files over HTTP: to whom, which, and which part."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from email import message_from_string
from email.message import Message
from pathlib import Path
from uuid import UUID

import pytest

from streamer.access import Access, Token
from streamer.evidence.shelf import Limits, Shelf
from streamer.evidence.site import PREFIX, EvidenceSite, asked_range
from streamer.health import Health
from streamer.testing.api import TOKENS
from streamer.testing.time import FakeClock
from streamer.web import make_app, serve
from tests.streamer.evidence.benches import Counts

TOKEN = "0123456789abcdef"
FILM = bytes(range(256)) * 4096
NAME = f"{UUID(int=1)}.mp4"
Answer = tuple[int, Message, bytes]


class Site:
    def __init__(self, shelf: Shelf, clock: FakeClock, port: int) -> None:
        self.shelf, self.clock, self._port = shelf, clock, port

    async def get(self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> Answer:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        lines = [
            f"{method} {path} HTTP/1.1",
            "Host: x",
            "Connection: close",
            *(f"{key}: {value}" for key, value in (headers or {}).items()),
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        status, _, fields = head.decode().partition("\r\n")
        return int(status.split()[1]), message_from_string(fields), body

    async def film(self, **headers: str) -> Answer:
        return await self.get(f"/evidence/{NAME}", headers=headers)


@asynccontextmanager
async def site(folder: Path, token: str | None = None, tokens: Sequence[Token] = ()) -> AsyncIterator[Site]:
    """With one film; `tokens` are those of the API."""
    clock = FakeClock()
    shelf = Shelf(folder, Limits(1.0, 1 << 30), clock, Counts())
    shelf.put(NAME, FILM)
    there = EvidenceSite(shelf, token, clock, Access(tokens, True, clock))
    app = make_app(Health(), lambda: ("text/plain", b""), {PREFIX: there})
    async with serve("127.0.0.1", 0, app) as port:
        yield Site(shelf, clock, port)
    there.close()


async def test_a_film_is_served_whole(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        status, fields, body = await here.film()
    assert (status, body) == (200, FILM)
    assert fields["Content-Type"] == "video/mp4"
    assert fields["Accept-Ranges"] == "bytes"
    assert fields["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("own", [TOKEN, None])
async def test_a_token_of_the_api_for_pictures_opens_it_too(own: str | None, tmp_path: Path) -> None:
    async with site(tmp_path, own, TOKENS) as here:
        codes = {token.name: (await here.film(Authorization=f"Bearer {token.secret}"))[0] for token in TOKENS}
        strangers = [(await here.film())[0], (await here.film(Authorization="Bearer guess"))[0]]
        mine = (await here.film(Authorization=f"Bearer {TOKEN}"))[0]
    assert {name for name, code in codes.items() if code == 200} == {"pictures", "admin"}
    assert set(codes.values()) == {200, 401}
    assert strangers == [401, 401]
    assert mine == (200 if own else 401)


async def test_a_picture_is_served_as_one(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        here.shelf.put(f"{UUID(int=2)}.jpg", b"jpeg")
        status, fields, body = await here.get(f"/evidence/{UUID(int=2)}.jpg")
    assert (status, fields["Content-Type"], body) == (200, "image/jpeg", b"jpeg")


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-", 0, len(FILM) - 1),
        ("bytes=0-1", 0, 1),
        ("bytes=300000-", 300_000, len(FILM) - 1),
        ("bytes=-10", len(FILM) - 10, len(FILM) - 1),
        ("bytes=5-99999999", 5, len(FILM) - 1),
    ],
)
async def test_a_part_is_served_as_asked(tmp_path: Path, asked: str, first: int, last: int) -> None:
    async with site(tmp_path) as here:
        status, fields, body = await here.film(Range=asked)
    assert (status, body) == (206, FILM[first : last + 1])
    assert fields["Content-Range"] == f"bytes {first}-{last}/{len(FILM)}"
    assert fields["Content-Length"] == str(last - first + 1)


@pytest.mark.parametrize("asked", [f"bytes={len(FILM)}-", "bytes=-0"])
async def test_a_part_that_is_not_there_is_refused(tmp_path: Path, asked: str) -> None:
    async with site(tmp_path) as here:
        status, fields, _ = await here.film(Range=asked)
    assert (status, fields["Content-Range"]) == (416, f"bytes */{len(FILM)}")


@pytest.mark.parametrize(
    "asked", ["bytes=-", "bytes=5-2", "bytes=0-1,4-5", "lines=1-2", "bytes=a-b", "bytes=" + "9" * 5000 + "-"]
)
def test_what_is_no_range_is_answered_with_the_whole(asked: str) -> None:
    assert asked_range(asked, 100) is None


async def test_the_head_alone_says_the_same(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        status, fields, body = await here.get(f"/evidence/{NAME}", "HEAD")
    assert (status, fields["Content-Length"], body) == (200, str(len(FILM)), b"")


async def test_what_is_on_its_way_says_when_to_come_again(tmp_path: Path) -> None:
    coming = f"{UUID(int=2)}.mp4"
    async with site(tmp_path) as here:
        here.shelf.promise(coming, here.clock.now() + 6.5)
        status, fields, _ = await here.get(f"/evidence/{coming}")
        assert (status, fields["Retry-After"]) == (404, "7")
        here.clock.passed_s += 60
        assert (await here.get(f"/evidence/{coming}"))[1]["Retry-After"] == "1"
        here.shelf.put(coming, b"film")
        assert (await here.get(f"/evidence/{coming}"))[0] == 200


async def test_what_is_kept_no_longer_or_never_will_be_is_gone(tmp_path: Path) -> None:
    dropped = f"{UUID(int=2)}.mp4"
    async with site(tmp_path) as here:
        here.shelf.promise(dropped, here.clock.now() + 5)
        here.shelf.give_up(dropped)
        assert (await here.get(f"/evidence/{dropped}"))[0] == 410
        here.clock.passed_s += 3601
        here.shelf.expire()
        assert (await here.film())[0] == 410


@pytest.mark.parametrize(
    "path",
    [
        "/evidence/", "/evidence/../secret", "/evidence/%2e%2e/secret", "/evidence/..%2fsecret",
        "/evidence//etc/passwd",
        f"/evidence/../evidence/{NAME}", f"/evidence/x/../{NAME}", f"/evidence/{NAME}/", f"/evidence/{NAME}%00",
        f"/evidence/.{NAME}.0a1b2c3d.part", f"/evidence/{NAME.upper()}", "/evidence/secret", "/evidence/\\..\\secret",
    ],
)  # fmt: skip
async def test_no_other_file_is_ever_served(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "secret").write_text("secret")
    (tmp_path / "kept" / f".{NAME}.0a1b2c3d.part").write_text("secret")
    async with site(tmp_path / "kept") as here:
        status, _, body = await here.get(path)
    assert status == 404
    assert b"secret" not in body


async def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    async with site(tmp_path / "kept") as here:
        (tmp_path / "kept" / NAME).unlink()
        (tmp_path / "kept" / NAME).symlink_to(tmp_path / "secret")
        assert (await here.film())[0] == 410


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"anybody:{password}".encode()).decode()


@pytest.mark.parametrize(
    "given",
    [
        "",
        "Bearer",
        "Bearer wrong",
        f"Bearer {TOKEN}0",
        f"Digest {TOKEN}",
        TOKEN,
        basic("wrong"),
        "Basic !",
        "Basic /w==",
        "Basic \xe9",
    ],
)
@pytest.mark.parametrize("path", [f"/evidence/{NAME}", f"/evidence/{UUID(int=7)}.mp4", "/evidence/", "/evidence/x"])
async def test_who_does_not_know_the_token_learns_nothing(tmp_path: Path, given: str, path: str) -> None:
    async with site(tmp_path, TOKEN) as here:
        status, fields, body = await here.get(path, headers={"Authorization": given} if given else {})
    assert (status, body) == (401, b"unauthorized\n")
    assert fields["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("given", [f"Bearer {TOKEN}", f"bearer {TOKEN}", basic(TOKEN)])
async def test_who_knows_the_token_is_answered(tmp_path: Path, given: str) -> None:
    async with site(tmp_path, TOKEN) as here:
        assert (await here.film(Authorization=given))[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_nothing_can_be_changed(tmp_path: Path, method: str) -> None:
    async with site(tmp_path) as here:
        assert (await here.get(f"/evidence/{NAME}", method))[0] == 405
        assert (await here.film())[0] == 200


async def test_who_read_what_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with site(tmp_path, TOKEN) as here:
        await here.film(Authorization=f"Bearer {TOKEN}")
    assert f"evidence read: {NAME} by 127.0.0.1" in caplog.messages
    assert TOKEN not in caplog.text


async def test_who_does_not_take_it_disturbs_nobody(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        _, writer = await asyncio.open_connection("127.0.0.1", here._port)
        writer.write(f"GET /evidence/{NAME} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert (await here.film())[0] == 200
        writer.close()
