"""Messages as HTTP POSTs, after Standard Webhooks (https://www.standardwebhooks.com, specification 1.0)."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import logging
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from uuid import uuid5

from streamer.backoff import full_jitter
from streamer.clock import Clock
from streamer.errors import MessageRejected, SinkUnavailable
from streamer.sinks.batches import Batches
from streamer.sinks.http import Answer, Endpoint
from streamer.wire import Message, envelope

_log = logging.getLogger(__name__)

RETRY_BASE_S = 0.5
RETRY_CAP_S = 30.0
LONGEST_PAUSE_S = 300.0
"""However long `Retry-After` asks for."""
SLOW_S = (10.0, 60.0)
LATER = frozenset({408, 425, 429})
"""Client errors that waiting mends (RFC 9110 15.5.9, RFC 8470, RFC 6585); so do all 5xx."""
MISPLACED = frozenset({401, 403, 404, 405, 407, 410})
"""Answers about the address or the token, not about a message: it waits until somebody mends the configuration."""


@dataclass(frozen=True, slots=True)
class WebhookOptions:
    """Where to post, and how."""

    url: str = field(repr=False)
    token_file: Path | None = None
    """Read before each request: `Authorization: Bearer …`."""
    secret_file: Path | None = None
    """What requests are signed with, as text or `whsec_` and base64; read before each request."""
    batch: int = 1
    """1: each event is a request of its own, an object. More: an array of at most so many."""
    timeout_s: float = 10.0
    """For one request from connecting to the answer."""
    ca_file: str | None = None


class WebhookSink:
    """Posts each message until the other side says 2xx; in order, one request at a time.

    `webhook-id` and `Idempotency-Key` are the `event_id` (of an array: made of those within), the same whenever it is
    sent again. Works between entering and leaving.
    """

    def __init__(self, options: WebhookOptions, clock: Clock) -> None:
        """Raises ConfigError where the CA file cannot be used."""
        self._options = options
        self._clock = clock
        self._endpoint = Endpoint(options.url, options.timeout_s, options.ca_file)
        self._thread = ThreadPoolExecutor(1, "webhook")
        self._batches = Batches(self._send, options.batch)
        self._failures = 0
        self._pause_s = 0.0

    async def __aenter__(self) -> Self:
        await self._batches.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._endpoint.interrupt()
        await self._batches.__aexit__()
        self._thread.submit(self._endpoint.close)
        self._thread.shutdown(wait=False)

    async def put(self, message: Message) -> None:
        """As `Sink.put`. While the other side asks for patience, or fails again and again, this takes as long."""
        await self._batches.put(message)

    async def _send(self, messages: Sequence[Message]) -> None:
        pause_s, self._pause_s = self._pause_s, 0.0
        if pause_s:
            await self._clock.sleep(pause_s)
        try:
            answer = await self._post(messages)
        except SinkUnavailable:
            self._wait_for(0.0)
            raise
        self._judge(answer)

    async def _post(self, messages: Sequence[Message]) -> Answer:
        payloads = [envelope(message) for message in messages]
        body = payloads[0] if self._options.batch == 1 else b"[" + b",".join(payloads) + b"]"
        headers = self._headers(messages, body)
        posting = asyncio.get_running_loop().run_in_executor(self._thread, self._endpoint.post, body, headers)
        try:
            async with asyncio.timeout(self._options.timeout_s):
                return await posting
        except TimeoutError:
            self._endpoint.interrupt()
            text = f"{self._endpoint.host} does not answer within {self._options.timeout_s:g} s"
            raise SinkUnavailable(text) from None

    def _headers(self, messages: Sequence[Message], body: bytes) -> dict[str, str]:
        first, *others = (message.key for message in messages)
        id_ = str(uuid5(first, ",".join(map(str, others)))) if others else str(first)
        at = str(int(self._clock.now()))
        headers = {"Content-Type": "application/json", "User-Agent": "taktstream", "Idempotency-Key": id_}
        headers |= {"webhook-id": id_, "webhook-timestamp": at}
        if all("replayed" in message.properties for message in messages):
            headers["takt-replayed"] = "true"
        if self._options.token_file is not None:
            headers["Authorization"] = f"Bearer {_secret(self._options.token_file)}"
        if self._options.secret_file is not None:
            headers["webhook-signature"] = signature(_secret(self._options.secret_file), id_, at, body)
        return headers

    def _judge(self, answer: Answer) -> None:
        status, host = answer.status, self._endpoint.host
        if 200 <= status < 300:
            self._failures = 0
            return
        if status in LATER or status >= 500:
            self._wait_for(answer.retry_after_s(self._clock.now()))
            raise SinkUnavailable(f"{host} does not take it now (HTTP {status})")
        if status in MISPLACED or status < 400:
            self._pause_s = random.uniform(*SLOW_S)
            what = "leads elsewhere, which is not followed" if status < 400 else "does not know us"
            raise SinkUnavailable(f"{host} {what} (HTTP {status}); check the address and the token")
        self._failures = 0
        raise MessageRejected(f"http_{status}")

    def _wait_for(self, asked_s: float) -> None:
        self._failures += 1
        self._pause_s = max(min(asked_s, LONGEST_PAUSE_S), full_jitter(self._failures, RETRY_BASE_S, RETRY_CAP_S))


def signature(secret: str, id_: str, at: str, body: bytes) -> str:
    """`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`. Raises SinkUnavailable: no such secret."""
    key = secret.encode()
    if secret.startswith("whsec_"):
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            raise SinkUnavailable("the webhook's secret begins with whsec_ and is not in base64 after it") from None
    signed = b".".join((id_.encode(), at.encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def _secret(file: Path) -> str:
    """Raises SinkUnavailable where it cannot be read, or is nothing that a header takes."""
    try:
        secret = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise SinkUnavailable(f"{file} cannot be read; give a text file that this user may read") from None
    if not secret or not secret.isprintable():
        raise SinkUnavailable(f"{file} must hold one line of text")
    return secret
