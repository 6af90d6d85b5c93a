"""WHIP as RFC 9725 writes it, and to whom: codes, headers, tokens, limits."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import pytest

from streamer.errors import OfferRefused
from streamer.exchange import Answer, BodyTooLarge, Request
from streamer.sources.whip import Occupied, Session
from streamer.testing.time import FakeClock
from streamer.web.whip import FAILURES, MOST_BYTES, OFFERS, Stage, WhipSite

TOKEN, OTHER = "0123456789abcdef", "fedcba9876543210"
SDP, FRAGMENT = "application/sdp", "application/trickle-ice-sdpfrag"


class FakeStream:
    """Takes every offer, one at a time."""

    def __init__(self) -> None:
        self.offers: list[str] = []
        self.trickled: list[str] = []
        self.session = ""
        self.refuses: Exception | None = None

    @property
    def is_taken(self) -> bool:
        return self.session != ""

    async def publish(self, offer: str) -> Session:
        if self.refuses is not None:
            raise self.refuses
        self.offers.append(offer)
        self.session = f"session-{len(self.offers)}"
        return Session(self.session, "v=0 answer")

    def is_session(self, session: str) -> bool:
        return session == self.session != ""

    async def trickle(self, text: str) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.trickled.append(text)

    async def close(self) -> None:
        self.session = ""


class Desk:
    def __init__(self, token: str | None = TOKEN, **more: object) -> None:
        self.clock, self.stream = FakeClock(), FakeStream()
        self.site = WhipSite(self.clock, **more)  # type: ignore[arg-type]
        self.site.open({"cam": Stage(self.stream, token), "other": Stage(FakeStream(), token and OTHER)})
        self.read = 0

    async def ask(
        self,
        method: str = "POST",
        path: str = "/whip/cam",
        body: bytes = b"v=0",
        kind: str = SDP,
        token: str | None = TOKEN,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        async def bring(most: int) -> bytes:
            self.read += 1
            if len(body) > most:
                raise BodyTooLarge
            return body

        said = {"content-type": kind, **(headers or {})}
        if token is not None:
            said["authorization"] = f"Bearer {token}"
        return await self.site.answer(Request(method, path, said, "192.0.2.9", bring))


async def test_an_offer_is_answered_with_a_session() -> None:
    desk = Desk(links=('<stun:stun.example.net>; rel="ice-server"',))
    answer = await desk.ask(body=b"v=0 offer")
    assert (answer.status, answer.body) == (HTTPStatus.CREATED, b"v=0 answer")
    assert answer.headers["Location"] == "/whip/cam/session-1"
    assert answer.headers["Content-Type"] == SDP
    assert answer.headers["ETag"] == '"ice-1"'
    assert answer.headers["Accept-Patch"] == FRAGMENT
    assert answer.headers["Link"] == '<stun:stun.example.net>; rel="ice-server"'
    assert desk.stream.offers == ["v=0 offer"]


class Outcomes(list[str]):
    def offered(self, outcome: str) -> None:
        self.append(outcome)


async def test_offers_are_counted_by_what_became_of_them_and_sessions_while_they_last() -> None:
    told = Outcomes()
    desk = Desk(observer=told)
    where = (await desk.ask()).headers["Location"]
    assert desk.site.sessions == 1
    await desk.ask(token="wrong-wrong-wrong")
    await desk.ask(path="/whip/nowhere")
    for refusal in (Occupied("taken"), OfferRefused("two tracks")):
        desk.stream.refuses = refusal
        await desk.ask()
    await desk.ask(kind="text/plain")
    await desk.ask("DELETE", where)
    assert told == ["accepted", "denied", "denied", "occupied", "unfit", "unfit"]
    assert desk.site.sessions == 0
    for _ in range(OFFERS):
        await desk.ask()
    assert told[-1] == "limited"


async def test_a_session_goes_on_and_ends() -> None:
    desk = Desk()
    where = (await desk.ask()).headers["Location"]
    patch = {"kind": FRAGMENT, "body": b"a=candidate"}
    assert (await desk.ask("PATCH", where, **patch)).status == 428  # type: ignore[arg-type]
    assert (await desk.ask("PATCH", where, headers={"if-match": '"ice-0"'}, **patch)).status == 412  # type: ignore[arg-type]
    assert (await desk.ask("PATCH", where, headers={"if-match": '"ice-1"'})).status == 415
    answer = await desk.ask("PATCH", where, headers={"if-match": '"ice-1"'}, **patch)  # type: ignore[arg-type]
    assert (answer.status, answer.headers["ETag"]) == (HTTPStatus.NO_CONTENT, '"ice-1"')
    assert desk.stream.trickled == ["a=candidate"]
    desk.stream.refuses = OfferRefused("ICE is not begun anew; publish again")
    assert (await desk.ask("PATCH", where, headers={"if-match": "*"}, **patch)).status == 422  # type: ignore[arg-type]
    assert (await desk.ask("DELETE", where)).status == HTTPStatus.OK
    assert (await desk.ask("DELETE", where)).status == HTTPStatus.NOT_FOUND
    assert (await desk.ask("PATCH", where, headers={"if-match": '"ice-1"'}, **patch)).status == 404  # type: ignore[arg-type]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
async def test_an_endpoint_is_only_posted_to(method: str) -> None:
    answer = await Desk().ask(method)
    assert (answer.status, answer.headers["Allow"]) == (HTTPStatus.METHOD_NOT_ALLOWED, "POST, OPTIONS")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST"])
async def test_a_session_is_only_patched_and_deleted(method: str) -> None:
    desk = Desk()
    where = (await desk.ask()).headers["Location"]
    assert (await desk.ask(method, where)).status == HTTPStatus.METHOD_NOT_ALLOWED
    assert desk.stream.session


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN + "0", TOKEN[:-1], OTHER])
@pytest.mark.parametrize(
    "path", ["/whip/cam", "/whip/cam/session-1", "/whip/nowhere", "/whip/", "/whip/cam/session-1/x"]
)
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "GET", "HEAD", "PUT"])
async def test_who_does_not_know_the_token_learns_nothing(method: str, path: str, token: str | None) -> None:
    desk = Desk()
    await desk.ask()
    read = desk.read
    answer = await desk.ask(method, path, token=token)
    assert (answer.status, answer.body) == (HTTPStatus.UNAUTHORIZED, b"unauthorized\n")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="takt"'
    assert desk.read == read  # not a byte of what it brings was read
    assert desk.stream.session == "session-1"


async def test_only_a_bearer_is_let_in() -> None:
    for scheme in ("Basic", "Token", ""):
        answer = await Desk().ask(token=None, headers={"authorization": f"{scheme} {TOKEN}".strip()})
        assert answer.status == HTTPStatus.UNAUTHORIZED


async def test_without_tokens_everybody_may_and_unknown_streams_are_told() -> None:
    desk = Desk(token=None)
    assert (await desk.ask(token=None)).status == HTTPStatus.CREATED
    assert (await desk.ask(path="/whip/nowhere", token=None)).status == HTTPStatus.NOT_FOUND


async def test_who_guesses_is_slowed_down_and_who_knows_is_not() -> None:
    desk = Desk()
    codes = [(await desk.ask(token=f"guess {n}")).status.value for n in range(FAILURES + 5)]
    assert codes == [401] * FAILURES + [429] * 5
    assert (await desk.ask()).status == HTTPStatus.CREATED
    desk.clock.passed_s += 61
    assert (await desk.ask(token="guess")).status == HTTPStatus.UNAUTHORIZED


async def test_offers_have_a_rate() -> None:
    desk = Desk()
    codes = [(await desk.ask()).status.value for _ in range(10_000)]
    assert codes == [201] * OFFERS + [429] * (10_000 - OFFERS)
    desk.clock.passed_s += 61
    assert (await desk.ask()).status == HTTPStatus.CREATED
    assert (await desk.ask(path="/whip/other", token=OTHER)).status == HTTPStatus.CREATED


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"x" * (MOST_BYTES + 1), SDP, 413),
        (b"x" * (1 << 20), SDP, 413),
        (b"v=0", "text/plain", 415),
        (b"v=0", "", 415),
        (b"v=0", FRAGMENT, 415),
        (b"\xff\xfe", SDP, 400),
        (b"v=0", "Application/SDP; charset=utf-8", 201),
    ],
)
async def test_what_is_no_offer_is_not_taken(body: bytes, kind: str, status: int) -> None:
    desk = Desk()
    assert (await desk.ask(body=body, kind=kind)).status == status
    assert len(desk.stream.offers) == (status == 201)


@pytest.mark.parametrize(
    ("refuses", "status"),
    [
        (OfferRefused("no v=0", malformed=True), 400),
        (OfferRefused("two tracks"), 422),
        (Occupied("somebody publishes to cam already"), 409),
    ],
)
async def test_why_an_offer_is_not_taken_is_said(refuses: Exception, status: int) -> None:
    desk = Desk()
    desk.stream.refuses = refuses
    answer = await desk.ask()
    assert (answer.status, answer.body) == (status, f"{refuses}\n".encode())


async def test_before_there_are_streams_publishers_are_told_to_come_again() -> None:
    desk = Desk()
    desk.site = WhipSite(desk.clock)
    answer = await desk.ask()
    assert (answer.status, answer.headers["Retry-After"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "2")


async def test_pages_of_others_may_publish_only_where_they_are_named() -> None:
    page = {"origin": "https://shop.example"}
    silent = await Desk().ask("OPTIONS", token=None, headers=page)
    assert (silent.status, silent.headers["Accept-Post"]) == (HTTPStatus.NO_CONTENT, SDP)
    assert not [name for name in silent.headers if name.startswith("Access-Control")]
    desk = Desk(origins=frozenset({"https://shop.example"}))
    asked = await desk.ask("OPTIONS", token=None, headers=page)
    assert asked.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    published = await desk.ask(headers=page)
    assert "Location" in published.headers["Access-Control-Expose-Headers"]
    other = await desk.ask("OPTIONS", token=None, headers={"origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in other.headers


async def test_when_the_service_ends_so_do_sessions() -> None:
    desk = Desk()
    await desk.ask()
    await desk.site.close()
    assert desk.stream.session == ""


def test_a_token_is_not_shown() -> None:
    assert TOKEN not in repr(Stage(FakeStream(), TOKEN))
