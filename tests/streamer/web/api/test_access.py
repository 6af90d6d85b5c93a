"""Nobody is answered whom nobody let in: every route of the API, with every token."""

from __future__ import annotations

import re
from inspect import iscoroutinefunction

import pytest

from streamer.access import COOKIE, FAILURES, SCOPES, SESSION_S
from streamer.testing.api import TOKENS
from streamer.web import API, ApiDoor
from streamer.web.api.document import scopes
from tests.streamer.web.asgi import BEARER, ask
from tests.streamer.web.conftest import Serving

DOOR = ApiDoor()
ROUTES = sorted((route.path, method) for route in DOOR.app.routes for method in route.methods)  # type: ignore[attr-defined]
NEEDED = scopes(DOOR.app)
GUARDED = [route for route in ROUTES if route in NEEDED]
SAMPLE = {"stream": "cam", "watch": "bench", "name": "gearbox", "label": "0"}


def address(path: str) -> str:
    return API + re.sub(r"\{(\w+)\}", lambda found: SAMPLE[found[1]], path)


def test_every_route_needs_a_scope_save_those_of_the_session() -> None:
    assert {route for route in ROUTES if route not in NEEDED} == {
        ("/session", method) for method in ("GET", "POST", "DELETE")
    }
    assert set(NEEDED.values()) == set(SCOPES)


@pytest.mark.parametrize(("path", "method"), GUARDED, ids=lambda value: value.strip("/"))
async def test_a_route_is_for_those_whose_token_has_its_scope(path: str, method: str, serving: Serving) -> None:
    async with serving() as served:
        codes = {}
        body = {} if method in ("POST", "PUT") else None
        for name, header in {
            **BEARER,
            "wrong": "Bearer guess-0123456789",
            "other": f"Basic {TOKENS[-1].secret}",
        }.items():
            codes[name] = (await ask(served.app, method, address(path), {"authorization": header}, body)).status
        codes["none"] = (await ask(served.app, method, address(path), {}, body)).status
    scope = NEEDED[path, method]
    assert {codes.pop(name) for name in ("none", "wrong", "other")} == {401}
    assert {name for name, code in codes.items() if code != 403} == {scope, "admin"}


def test_who_asks_is_looked_at_where_the_question_came_and_in_no_thread() -> None:
    """A thread for each of the many who look on would wait for a turn among all others."""
    depended = [one.call for route in DOOR.app.routes for one in route.dependant.dependencies]  # type: ignore[attr-defined]
    assert depended
    for call in depended:
        assert iscoroutinefunction(call) or iscoroutinefunction(type(call).__call__)


@pytest.mark.parametrize(("path", "method"), GUARDED, ids=lambda value: value.strip("/"))
async def test_without_tokens_others_are_refused_and_told_what_to_give(
    path: str, method: str, serving: Serving
) -> None:
    async with serving(tokens=(), loopback=False) as served:
        answer = await ask(served.app, method, address(path), BEARER and {"authorization": BEARER["admin"]})
    assert answer.status == 401
    assert "http.tokens" in answer.json["detail"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "localhost:9464"}, 200),
        ({"host": "[::1]:9464"}, 200),
        ({"host": "127.0.0.1:9464", "origin": "http://127.0.0.1:9464"}, 200),
        ({"host": "rebound.example:9464"}, 403),
        ({"host": ""}, 403),
        ({"host": "["}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:8000"}, 403),
        ({"origin": "null"}, 403),
    ],
)
async def test_without_tokens_this_machine_may_everything_save_for_pages_of_others(
    headers: dict[str, str], status: int, serving: Serving
) -> None:
    async with serving(tokens=()) as served:
        for path in ("/streams", "/session"):
            assert (await ask(served.app, "GET", API + path, headers)).status == status


async def test_a_session_is_good_for_what_its_token_is_until_it_is_ended(serving: Serving) -> None:
    async with serving() as served:
        begun = await ask(served.app, "POST", f"{API}/session", {}, {"token": TOKENS[3].secret})
        assert begun.json == {"name": "control", "scopes": ["control"], "tokens_needed": True}
        set_cookie = begun.headers["set-cookie"]
        assert {"HttpOnly", "Path=/", "SameSite=strict", f"Max-Age={SESSION_S}"} <= set(set_cookie.split("; "))
        assert TOKENS[3].secret not in set_cookie
        cookie = {"cookie": set_cookie.partition(";")[0]}
        own = {**cookie, "origin": "http://127.0.0.1:9464"}
        stop = f"{API}/streams/cam/stop"

        assert (await ask(served.app, "GET", f"{API}/session", cookie)).json["name"] == "control"
        assert (await ask(served.app, "GET", f"{API}/streams", cookie)).status == 403
        assert (await ask(served.app, "POST", stop, own)).status == 200
        assert (await ask(served.app, "POST", stop, cookie)).status == 403, "an origin must be told"
        assert (await ask(served.app, "POST", stop, {**cookie, "origin": "https://evil.example"})).status == 403

        assert (await ask(served.app, "DELETE", f"{API}/session", own)).status == 204
        assert (await ask(served.app, "POST", stop, own)).status == 401


@pytest.mark.parametrize("change", ["until", "name", "signature", "nothing"])
async def test_a_session_that_was_made_up_is_none(change: str, serving: Serving) -> None:
    async with serving() as served:
        begun = await ask(served.app, "POST", f"{API}/session", {}, {"token": TOKENS[0].secret})
        name, until, nonce, signature = begun.headers["set-cookie"].partition(";")[0].partition("=")[2].split(".")
        until = str(int(until) + 1) if change == "until" else until
        name = "admin" if change == "name" else name
        signature = signature[::-1] if change == "signature" else signature
        cookie = {"cookie": f"{COOKIE}={name}.{until}.{nonce}.{signature}"}
        status = (await ask(served.app, "GET", f"{API}/streams", cookie)).status
        assert status == (200 if change == "nothing" else 401)
        if change == "nothing":
            await served.clock.advance(SESSION_S + 1)
            assert (await ask(served.app, "GET", f"{API}/streams", cookie)).status == 401


@pytest.mark.parametrize(
    "cookie", ["takt_session", "takt_session=", "takt_session=a.b", '=;,"', "takt_session=read.x.y.z"]
)
async def test_a_cookie_may_be_anything(cookie: str, serving: Serving) -> None:
    async with serving() as served:
        assert (await ask(served.app, "GET", f"{API}/streams", {"cookie": cookie})).status == 401


async def test_who_guesses_is_slowed_down_and_who_knows_is_not(serving: Serving) -> None:
    async with serving() as served:
        codes = [
            (await ask(served.app, "GET", f"{API}/streams", {"authorization": f"Bearer guess-{n}"})).status
            for n in range(FAILURES + 2)
        ]
        assert codes == [401] * FAILURES + [429] * 2
        assert (await ask(served.app, "POST", f"{API}/session", {}, {"token": "guess"})).status == 429
        assert (await ask(served.app, "GET", f"{API}/streams", {"authorization": BEARER["read"]})).status == 200
        another = await ask(served.app, "GET", f"{API}/streams", {"authorization": "Bearer x"}, client="10.0.0.8")
        assert another.status == 401


async def test_a_page_learns_without_a_token_that_it_needs_one(serving: Serving) -> None:
    async with serving() as served:
        told = await ask(served.app, "GET", f"{API}/session")
        strange = await ask(served.app, "GET", f"{API}/session", {"origin": "https://evil.example"})
    assert told.json == {"name": None, "scopes": [], "tokens_needed": True}
    assert strange.status == 403


async def test_before_the_service_has_begun_everybody_is_asked_to_come_again(serving: Serving) -> None:
    async with serving() as served:
        door = ApiDoor()
        answer = await ask(door, "GET", f"{API}/streams")
        assert (answer.status, answer.headers["retry-after"]) == (503, "2")
        assert (await ask(served.app, "GET", "/livez")).status == 200
