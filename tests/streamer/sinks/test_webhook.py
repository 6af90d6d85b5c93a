"""The webhook sink against servers that misbehave."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from streamer.errors import ConfigError, MessageRejected, SinkUnavailable
from streamer.sinks.webhook import LONGEST_PAUSE_S, WebhookOptions, WebhookSink
from streamer.testing.http_stub import HttpStub
from streamer.testing.messages import message
from streamer.testing.time import FakeClock
from streamer.wire import envelope

NOW = 1_700_000_000.0


@asynccontextmanager
async def posting(stub: HttpStub, **more: object) -> AsyncIterator[tuple[WebhookSink, FakeClock]]:
    """A sink whose pauses take no time."""
    clock = FakeClock(NOW, hurried=True)
    async with stub.serving():
        options = {"url": f"http://127.0.0.1:{stub.port}/hook?key=CANARY", "timeout_s": 5.0, **more}
        async with WebhookSink(WebhookOptions(**options), clock) as sink:  # type: ignore[arg-type]
            yield sink, clock


async def test_an_event_is_posted_as_it_goes_over_mqtt() -> None:
    stub, one = HttpStub(), message()
    async with posting(stub) as (sink, _):
        await sink.put(one)

    (posted,) = stub.posted
    assert posted.body == envelope(one)
    assert posted.target == "/hook?key=CANARY"
    assert posted.headers["content-type"] == "application/json"
    assert posted.headers["idempotency-key"] == posted.headers["webhook-id"] == str(one.key)


async def test_requests_share_a_connection_and_keep_their_order() -> None:
    stub, messages = HttpStub(body=b"thank you"), [message(number=n) for n in range(50)]
    async with posting(stub) as (sink, _):
        await asyncio.gather(*(sink.put(one) for one in messages))

    assert [posted.headers["webhook-id"] for posted in stub.posted] == [str(one.key) for one in messages]
    assert stub.connections == 1


async def test_a_batch_is_an_array_and_its_id_the_same_whenever_it_is_sent() -> None:
    stub, messages = HttpStub(status=lambda n: 500 if n == 0 else 204), [message(number=n) for n in range(3)]
    async with posting(stub, batch=50) as (sink, _):
        failed = await asyncio.gather(*(sink.put(one) for one in messages), return_exceptions=True)
        await asyncio.gather(*(sink.put(one) for one in messages))

    assert all(isinstance(error, SinkUnavailable) for error in failed)
    first, again = stub.posted
    assert json.loads(again.body) == [json.loads(envelope(one)) for one in messages]
    assert first.headers["webhook-id"] == again.headers["webhook-id"]


async def test_a_signature_is_what_standard_webhooks_says(tmp_path: Path) -> None:
    key, secret, token = b"key of the plant", tmp_path / "secret", tmp_path / "token"
    secret.write_text(f"whsec_{base64.b64encode(key).decode()}\n")
    token.write_text("word\n")
    stub = HttpStub()
    async with posting(stub, secret_file=secret, token_file=token) as (sink, _):
        await sink.put(message())
        secret.write_text("plain text")
        await sink.put(message())

    for posted, used in zip(stub.posted, (key, b"plain text"), strict=True):
        signed = f"{posted.headers['webhook-id']}.{int(NOW)}.".encode() + posted.body
        told = base64.b64encode(hmac.new(used, signed, hashlib.sha256).digest()).decode()
        assert posted.headers["webhook-signature"] == f"v1,{told}"
        assert posted.headers["webhook-timestamp"] == str(int(NOW))
        assert posted.headers["authorization"] == "Bearer word"


@pytest.mark.parametrize("text", ["", "two\nlines", "whsec_*not base64*", "na\u00efve"])
async def test_a_secret_that_cannot_be_used_keeps_the_message_and_is_not_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "secret").write_text(text, encoding="utf-8")
    async with posting(HttpStub(), secret_file=tmp_path / "secret") as (sink, _):
        with pytest.raises(SinkUnavailable) as told:
            await sink.put(message())
    assert not text or text not in str(told.value)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
async def test_what_waiting_mends_is_kept(status: int) -> None:
    async with posting(HttpStub(status=lambda _: status)) as (sink, _):
        with pytest.raises(SinkUnavailable, match=str(status)):
            await sink.put(message())


@pytest.mark.parametrize("status", [400, 413, 415, 422])
async def test_what_is_refused_for_good_is_rejected(status: int) -> None:
    async with posting(HttpStub(status=lambda _: status)) as (sink, _):
        with pytest.raises(MessageRejected, match=f"http_{status}"):
            await sink.put(message())


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_a_wrong_address_or_token_costs_no_message_and_is_tried_rarely(status: int) -> None:
    async with posting(HttpStub(status=lambda n: status if n == 0 else 204)) as (sink, clock):
        with pytest.raises(SinkUnavailable, match="check the address and the token"):
            await sink.put(message())
        await sink.put(message())
    assert min(clock.slept) >= 10


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    other = HttpStub()
    async with other.serving():
        stub = HttpStub(status=lambda _: status, headers=(f"Location: http://127.0.0.1:{other.port}/",))
        async with posting(stub) as (sink, _):
            with pytest.raises(SinkUnavailable, match="not followed"):
                await sink.put(message())
    assert other.connections == 0


async def test_of_a_batch_only_the_message_that_is_refused_is_rejected() -> None:
    bad = replace(message(number=1), body={"bad": True})
    messages = [message(number=0), bad, message(number=2)]
    stub = HttpStub()
    stub.status = lambda n: 422 if b"bad" in stub.posted[n].body else 204
    async with posting(stub, batch=10) as (sink, _):
        results = await asyncio.gather(*(sink.put(one) for one in messages), return_exceptions=True)

    assert [type(result) for result in results] == [type(None), MessageRejected, type(None)]
    assert [json.loads(posted.body)[0]["seq"] for posted in stub.posted[1:]] == [0, 0, 0]


@pytest.mark.parametrize(
    ("header", "least_s", "most_s"),
    [
        ("Retry-After: 7", 7, 7),
        ("Retry-After: Tue, 14 Nov 2023 22:13:50 GMT", 30, 30),
        ("Retry-After: 86400", LONGEST_PAUSE_S, LONGEST_PAUSE_S),
        ("Retry-After: soon", 0, 0.5),
        ("X-Nothing: 1", 0, 0.5),
    ],
)
async def test_the_other_side_says_when_to_come_back(header: str, least_s: float, most_s: float) -> None:
    stub = HttpStub(status=lambda n: 503 if n == 0 else 204, headers=(header,))
    async with posting(stub) as (sink, clock):
        with pytest.raises(SinkUnavailable):
            await sink.put(message())
        await sink.put(message())

    assert least_s <= clock.slept[0] <= most_s


async def test_failures_in_a_row_are_followed_by_longer_and_longer_pauses_with_jitter() -> None:
    stub = HttpStub(status=lambda n: 500 if n < 12 else 204)
    async with posting(stub) as (sink, clock):
        for _ in range(12):
            with pytest.raises(SinkUnavailable):
                await sink.put(message())
        await sink.put(message())

    assert len(set(clock.slept)) == 12
    assert max(clock.slept) <= 30
    assert sum(clock.slept[6:]) > sum(clock.slept[:3])


async def test_a_server_that_never_answers_is_given_up_in_time() -> None:
    stub = HttpStub(status=lambda n: None if n == 0 else 204)
    async with posting(stub, timeout_s=0.1) as (sink, _):
        with pytest.raises(SinkUnavailable):
            await sink.put(message())
        await sink.put(message())
    assert stub.connections == 2


async def test_what_was_given_up_is_not_tried_once_more_behind_the_back() -> None:
    stub = HttpStub(status=lambda n: 204 if n == 0 else None)
    async with posting(stub, timeout_s=0.2) as (sink, _):
        await sink.put(message())
        for _ in range(2):
            with pytest.raises(SinkUnavailable):
                await sink.put(message())
    assert (stub.connections, len(stub.posted)) == (2, 3)


@pytest.mark.parametrize("more", ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nConnection: close"])
async def test_what_was_taken_is_taken_though_the_rest_of_the_answer_never_comes(more: str) -> None:
    stub = HttpStub(headers=(more,))
    async with posting(stub, timeout_s=2.0) as (sink, _):
        await sink.put(message())
        await sink.put(message())
    assert (stub.connections, len(stub.posted)) == (2, 2)


async def test_an_endless_answer_is_not_read() -> None:
    stub = HttpStub(body=b"x" * 1_000_000)
    async with posting(stub) as (sink, _):
        await sink.put(message())
        await sink.put(message())
    assert stub.connections == 2, "what is left of the answer goes with its connection"


async def test_a_kept_connection_that_the_server_closed_costs_nothing() -> None:
    stub = HttpStub(hangs_up=lambda n: n == 0)
    async with posting(stub) as (sink, _):
        await sink.put(message())
        await sink.put(message())
    assert (stub.connections, len(stub.posted)) == (2, 2)


async def test_no_server_at_all_is_no_reason_to_tell_the_address() -> None:
    stub = HttpStub()
    async with posting(stub):
        pass
    options = WebhookOptions(f"http://127.0.0.1:{stub.port}/CANARY")
    async with WebhookSink(options, FakeClock(hurried=True)) as sink:
        with pytest.raises(SinkUnavailable) as told:
            await sink.put(message())
    assert "CANARY" not in str(told.value) + repr(options)


@pytest.mark.e2e
async def test_a_certificate_is_verified(tmp_path: Path) -> None:
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "pem")]
    subprocess.run([*made, *named, *files], check=True, capture_output=True)  # noqa: ASYNC221
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pem", tmp_path / "key")
    stub = HttpStub()
    async with stub.serving(context):
        good = WebhookOptions(f"https://localhost:{stub.port}/", ca_file=str(tmp_path / "pem"))
        for options, problem in (
            (good, None),
            (replace(good, ca_file=None), "certificate is not trusted"),
            (replace(good, url=f"https://127.0.0.1:{stub.port}/"), "certificate is not trusted"),
        ):
            async with WebhookSink(options, FakeClock(hurried=True)) as sink:
                if problem is None:
                    await sink.put(message())
                else:
                    with pytest.raises(SinkUnavailable, match=problem):
                        await sink.put(message())
    assert len(stub.posted) == 1


def test_a_missing_ca_file_is_a_mistake_of_the_configuration() -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.pem"):
        WebhookSink(WebhookOptions("https://h/", ca_file="nowhere.pem"), FakeClock())
