"""What goes wrong is told as a problem, and tells nothing else."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from streamer.access import SCOPES
from streamer.testing.api import TOKENS
from streamer.web import API
from streamer.web.api.asking import MOST_BYTES
from streamer.web.api.door import CHANGES
from tests.streamer.web.asgi import BEARER, Said, ask
from tests.streamer.web.conftest import Serving

ADMIN = {"authorization": BEARER["admin"]}


def is_problem(answer: Said, status: int) -> bool:
    told = answer.json
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert {"type", "title", "status", "detail"} <= set(told) <= {"type", "title", "status", "detail", "mistakes"}
    assert b"Traceback" not in answer.text
    return bool(answer.status == told["status"] == status)


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "", 404),
        ("GET", "/streams/a\nb", 404),
        ("GET", "/no\nwhere", 404),
        ("GET", "/streams/nobody", 404),
        ("GET", "/procedures/none", 404),
        ("PATCH", "/streams", 405),
        ("GET", "/events?limit=0", 422),
        ("GET", "/events?type=nothing", 422),
        ("GET", "/events?since=yesterday", 422),
        ("GET", "/events?since=nan", 422),
        ("GET", "/events?before=99999999999999999999", 422),
        ("GET", "/streams/cam/snapshot.jpg", 503),
        ("GET", "/streams/cam/live.mjpeg", 503),
        ("GET", "/streams/nobody/live.mjpeg", 404),
        ("GET", "/streams/cam/live.mjpeg?width=1", 422),
        ("DELETE", "/labels/none", 404),
        ("DELETE", "/streams/nobody", 404),
    ],
)
async def test_errors_are_problems(method: str, target: str, status: int, serving: Serving) -> None:
    async with serving() as served:
        answer = await ask(served.app, method, API + target, ADMIN)
    assert is_problem(answer, status)
    assert status != 405 or "GET" in answer.headers["allow"]
    assert status != 503 or int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("body", "more", "status"),
    [
        (b"{", {}, 422),
        (b"[1]", {}, 422),
        (b"\xff", {}, 422),
        (b"[" * 60_000, {}, 422),
        (b'{"at": NaN}', {}, 422),
        (b'{"\\ud800": "half a pair"}', {}, 422),
        (b'{"at": 1' + b"0" * 400 + b"}", {}, 422),
        (b"{}", {"content-type": "text/plain"}, 415),
        (b" " * (MOST_BYTES + 1), {}, 413),
        (b"{}", {"content-length": str(MOST_BYTES + 1)}, 413),
        (b"{}", {"content-length": "-1"}, 413),
        (b'{"stream": "nobody", "label": "tighten"}', {}, 404),
        (b'{"stream": "cam", "label": "tighten", "before_s": 31}', {}, 422),
        (b'{"stream": "cam", "label": "tighten", "before_s": true}', {}, 422),
        (b'{"stream": "cam", "label": "", "more": 1}', {}, 422),
    ],
)
async def test_a_body_may_be_anything(body: bytes, more: dict[str, str], status: int, serving: Serving) -> None:
    async with serving() as served:
        answer = await ask(served.app, "POST", f"{API}/labels", {**ADMIN, **more}, body)
    assert is_problem(answer, status)


async def test_a_token_that_is_no_text_is_no_token(serving: Serving) -> None:
    async with serving() as served:
        answer = await ask(served.app, "POST", f"{API}/session", {}, b'{"token": "\\ud800"}')
    assert is_problem(answer, 422)


async def test_every_mistake_is_told_with_its_place_and_without_what_was_said(serving: Serving) -> None:
    async with serving() as served:
        answer = await ask(served.app, "GET", f"{API}/events?limit=secret-4711&before=secret-4711", ADMIN)
        section = await ask(served.app, "POST", f"{API}/streams", ADMIN, {"id": "a/b"})
    assert [mistake.partition(": ")[0] for mistake in answer.json["mistakes"]] == ["query.before", "query.limit"]
    assert b"4711" not in answer.text
    assert section.json["mistakes"] == ["streams.0.id: must be small letters, digits and hyphens"]


async def test_a_bug_is_told_to_the_log_and_not_to_who_asks(serving: Serving, caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as served:
        served.plant.config = lambda: 1 / 0  # type: ignore[assignment,return-value]
        with caplog.at_level(logging.ERROR, "streamer.web"):
            answer = await ask(served.app, "GET", f"{API}/config", ADMIN)
    assert is_problem(answer, 500)
    assert b"division" not in answer.text
    assert "ZeroDivisionError" in caplog.text


async def test_what_a_service_has_not_is_told(serving: Serving) -> None:
    async with serving() as served:
        door = served.door
        door.open(replace(served.plant.api, roster=None, live=None, labels=None))
        for method, target, body in (
            ("POST", "/streams", {}),
            ("GET", "/labels", None),
            ("GET", "/streams/cam/snapshot.jpg", None),
        ):
            assert is_problem(await ask(served.app, method, API + target, ADMIN, body), 501)


async def test_changes_have_a_limit_and_reading_has_none(serving: Serving) -> None:
    async with serving() as served:
        stop, control = f"{API}/streams/cam/stop", {"authorization": BEARER["control"]}
        codes = [(await ask(served.app, "POST", stop, control)).status for _ in range(CHANGES + 1)]
        assert codes == [200] * CHANGES + [429]
        assert (await ask(served.app, "POST", stop, ADMIN)).status == 200
        assert (await ask(served.app, "GET", f"{API}/streams", {"authorization": BEARER["read"]})).status == 200


async def test_no_answer_holds_a_token(serving: Serving) -> None:
    async with serving() as served:
        for scope in SCOPES:
            for route in ("/session", "/streams", "/config", "/openapi.json", "/nowhere"):
                answer = await ask(served.app, "GET", API + route, {"authorization": BEARER[scope]})
                told = answer.text + repr(answer.headers).encode()
                assert not [token for token in TOKENS if token.secret.encode() in told]
        assert "secret" not in repr(served.plant.api.access) + repr(TOKENS)


async def test_who_changes_something_is_logged_and_who_reads_is_not(
    serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "streamer.web")
    async with serving() as served:
        await ask(served.app, "GET", f"{API}/streams", ADMIN)
        assert caplog.text == ""
        await ask(served.app, "POST", f"{API}/streams/a\nb/stop", {"authorization": BEARER["control"]})
    (line,) = caplog.messages
    assert line == f"POST '{API}/streams/a\\nb/stop' by control from 10.0.0.7"
    assert TOKENS[3].secret not in caplog.text
