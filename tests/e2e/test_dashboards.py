"""Every expression of every dashboard has an answer: a real Prometheus scrapes a real service that does everything."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from recognizers.card import Card, Usual
from recognizers.checkpoint import with_card
from recognizers.clip import Picture
from streamer.testing.film import write_film
from tests.e2e.monitoring import Prometheus
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import SPEC, write_network
from tests.e2e.processes import GstServer
from tests.e2e.takt import Takt, rtsp, until
from tests.ports import free_port
from tests.prometheus.dashboards import BOARDS, expressions

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
WORK = "{name: light, takt_s: 2, cycle: {idle_s: 5}, steps: {bright: {typical_s: 1, max_s: 8}}}"


def blinking() -> Iterator[Picture]:
    """A second bright, a second not, with enough to see that nobody takes the camera for covered."""
    blocks = np.random.default_rng(0).integers(-20, 21, (15, 20, 1)).repeat(8, 0).repeat(8, 1).repeat(3, 2)
    for level in (225, 60):
        yield from [(level + blocks).astype(np.uint8)] * 25


def network(folder: Path, name: str, bias: float) -> Path:
    """It knows bright from dark, and what is usual."""

    def knowing(card: Card) -> Card:
        return replace(card, usual=Usual(((1.0,), (1.0,)), 0.0, {"scores": 9.0, "unfamiliar": 0.5}))

    plain = write_network(folder / f"{name}.plain", replace(SPEC, hop_s=SPEC.interval_s), weight=20.0, bias=bias)
    with_card(plain, folder / f"{name}.safetensors", knowing)
    return folder / f"{name}.safetensors"


OF_WORKERS = ("takt_worker_", "takt_streams_waiting", "takt_stream_degraded", 'worker!=""')
"""What is asked of several workers alone."""


BY_WORKER = {"CPU by worker", "Memory by worker"}


def asked_of(expressions: dict[str, str], workers: int) -> dict[str, str]:
    """Of a service with one worker, what there is of several is not asked."""
    return {
        where: expr
        for where, expr in expressions.items()
        if workers > 1 or where.startswith("Is it us?") or not any(one in expr for one in OF_WORKERS)
    }


async def test_no_panel_of_any_dashboard_is_empty(tmp_path: Path, broker: Mosquitto) -> None:
    """Of a service by itself, and of one with two workers beside it."""
    (tmp_path / "work.yaml").write_text(WORK)
    light, candidate = network(tmp_path, "light", -10.0), network(tmp_path, "candidate", -9.0)
    recognizers = {"light": {"checkpoint": str(light), "shadow": str(candidate)}}
    with GstServer({"live": write_film(tmp_path / "film.mp4", blinking(), 25)}) as camera:
        seen = rtsp("bench", camera.address("live"), "light")
        seen["watches"][0]["procedure"] = str(tmp_path / "work.yaml")
        streams = [seen, rtsp("gone", f"rtsp://127.0.0.1:{free_port()}/main", "light")]
        async with asyncio.TaskGroup() as group:
            for workers in (1, 2):
                folder = tmp_path / f"{workers}"
                takt = Takt(folder, broker.port, {}, streams, recognizers=recognizers, workers=workers)
                group.create_task(_all_answer(takt, folder, workers))


async def _all_answer(takt: Takt, folder: Path, workers: int) -> None:
    boards = {name: asked_of(expressions(board), workers) for name, board in BOARDS.items()}
    assert sum(len(asked) for asked in boards.values()) > 80
    async with takt:
        with Prometheus(folder / "prometheus", urlsplit(takt.url("metrics")).netloc) as prometheus:
            await until(lambda: _known(takt, "takt_drift", "takt_cycle_deviation_seconds"), 120)
            empty: list[str] = []

            async def all_answer() -> bool:
                empty[:] = [
                    f"{board}: {where}: {expr}"
                    for board, asked in boards.items()
                    for where, expr in asked.items()
                    if not await asyncio.to_thread(prometheus.values, expr)
                ]
                return not empty

            try:
                await until(all_answer, 60)
            except AssertionError:
                pytest.fail("\n".join([f"with workers: {workers} these panels are empty:", *empty]))
            assert prometheus.values("takt_no_such_thing") == []
            for board, asked in boards.items():
                split = {where for where, expr in asked.items() if "worker" in prometheus.labels(expr)}
                assert {where.rpartition(" ")[0] for where in split} <= BY_WORKER, f"{board}: of a worker each"


async def _known(takt: Takt, *names: str) -> bool:
    return set(names) <= {one.name for one in await takt.samples()}
