"""Spans reach a collector as OpenTelemetry says; one that is away costs them, and nothing else."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from contextlib import aclosing

import pytest

from streamer.testing.http_stub import HttpStub
from streamer.tracing import otlp
from streamer.tracing.otlp import BATCH, QUEUE, OtlpExport, OtlpOptions, _cause
from streamer.tracing.spans import Span
from tests.collector import FAILED, PRODUCER, collected
from tests.ports import free_port

SECRET = "Bearer s3cret-of-the-collector"
ROOT = Span(
    "takt.event", 7 << 96, 5, None, 1_700_000_000_000_000_000, 1_700_000_000_250_000_000, {"takt.stream": "cam"}
)
CHILD = Span("publish", 7 << 96, 6, 5, ROOT.start_ns, ROOT.end_ns, {"takt.replayed": True}, True, "refused", linked=5)


class Counts:
    def __init__(self) -> None:
        self.spans: Counter[str] = Counter()
        self._loop, self._changed = asyncio.get_running_loop(), asyncio.Event()

    def trace_spans(self, result: str, count: int) -> None:
        self.spans[result] += count
        self._loop.call_soon_threadsafe(self._changed.set)

    async def reaches(self, result: str, count: int) -> None:
        async with asyncio.timeout(10):
            while self.spans[result] < count:
                self._changed.clear()
                await self._changed.wait()


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """As ever, in less time."""
    monkeypatch.setattr(otlp, "EVERY_S", 0.02)
    monkeypatch.setattr(otlp, "TIMEOUT_S", 0.3)
    monkeypatch.setattr(otlp, "CLOSE_S", 0.5)


def exporting(port: int, counts: Counts) -> aclosing[OtlpExport]:
    url = f"http://127.0.0.1:{port}/v1/traces"
    return aclosing(OtlpExport(OtlpOptions(url, "takt", "1.2", "box-1", headers={"Authorization": SECRET}), counts))


async def test_spans_arrive_as_they_were_told() -> None:
    counts = Counts()
    async with (
        HttpStub(status=lambda _: 200).serving() as stub,
        exporting(stub.port, counts) as export,
    ):
        export([ROOT, CHILD])
        await counts.reaches("exported", 2)

    root, child = collected(stub)
    assert (root.name, root.trace, root.id, root.parent) == ("takt.event", f"{7 << 96:032x}", f"{5:016x}", "")
    assert (root.start_ns, root.end_ns) == (ROOT.start_ns, ROOT.end_ns)
    assert root.attributes == {"takt.stream": "cam"}
    assert root.resource == {"service.name": "takt", "service.version": "1.2", "host.name": "box-1"}
    assert (child.parent, child.links, child.kind, child.status) == (root.id, (root.id,), PRODUCER, FAILED)
    assert child.attributes == {"takt.replayed": True}
    assert {one.target for one in stub.posted} == {"/v1/traces"}
    assert {one.headers["authorization"] for one in stub.posted} == {SECRET}


async def test_what_waits_at_the_end_is_sent() -> None:
    counts = Counts()
    async with (
        HttpStub(status=lambda _: 200).serving() as stub,
        exporting(stub.port, counts) as export,
    ):
        export([ROOT, CHILD])
    assert len(collected(stub)) == 2


async def test_a_collector_that_is_away_is_told_once_and_once_that_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    counts = Counts()
    with caplog.at_level(logging.DEBUG):
        async with exporting(port := free_port(), counts) as export:
            for n in range(1, 4):
                export([ROOT])
                await counts.reaches("failed", n)
            async with HttpStub(port=port, status=lambda _: 200).serving() as stub:
                export([CHILD])
                await counts.reaches("exported", 1)

    lines = [one for one in caplog.records if one.name.startswith("streamer")]
    assert [one.levelname for one in lines] == ["WARNING", "INFO"]
    assert not logging.getLogger("opentelemetry").propagate, "its own lines, one a request, are not shown"
    assert "3 spans were lost" in lines[1].getMessage()
    assert [span.name for span in collected(stub)] == ["publish"]
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("Transient error HTTPConnectionPool(host='c', port=1): Max retries exceeded with url: /v1/traces (Caused by "
         "NewConnectionError(\"HTTPConnection(host='c', port=1): Failed to establish a new connection: [Errno 111] "
         "Connection refused\")) encountered while exporting spans batch, retrying in 1.02s.", "Connection refused"),
        ("Failed to export spans batch code: 404, reason: Not Found", "404, reason: Not Found"),
        ("Failed to export spans batch due to timeout, max retries or shutdown.", "no answer"),
    ],
)  # fmt: skip
def test_the_cause_is_told_in_a_few_words(said: str, cause: str) -> None:
    assert _cause(said) == cause


async def test_a_collector_that_refuses_says_why(caplog: pytest.LogCaptureFixture) -> None:
    counts = Counts()
    async with (
        HttpStub(status=lambda _: 401).serving() as stub,
        exporting(stub.port, counts) as export,
    ):
        export([ROOT])
        await counts.reaches("failed", 1)
    assert "401, reason: told so" in caplog.text
    assert "s3cret" not in caplog.text


async def test_a_collector_that_hangs_holds_nothing_up() -> None:
    counts, loop = Counts(), asyncio.get_running_loop()
    async with HttpStub(status=lambda _: None).serving() as stub:
        async with exporting(stub.port, counts) as export:
            began_s = loop.time()
            for _ in range(QUEUE + BATCH):
                export([ROOT])
            handed_s = loop.time() - began_s
            await asyncio.wait_for(stub.heard.wait(), 10)
            began_s = loop.time()
        closed_s = loop.time() - began_s

    assert counts.spans["dropped"] == BATCH
    assert handed_s < 5
    assert closed_s < 2
