"""`takt run` as a process, seen from outside: exit code, logs, metrics, health."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

TAKT = Path(sys.executable).with_name("takt")
Section = dict[str, Any]
T = TypeVar("T")
START_S = 90.0
"""Importing torch takes long on a busy machine."""


async def until(condition: Callable[[], T | Awaitable[T]], timeout_s: float = 30.0) -> T:
    """Ask again and again until the answer is true; returns it. The only place where tests of `takt run` wait."""
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                answer = condition()
                known = await answer if isinstance(answer, Awaitable) else answer
                if known:
                    return known
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"not true within {timeout_s:g} s") from None


def rtsp(name: str, url: str, *recognizers: str, **more: object) -> Section:
    """A camera's section, with a watch of the same name for every recognizer."""
    watches = [{"id": recognizer, "recognizer": recognizer} for recognizer in recognizers or ("constant",)]
    return {"id": name, "source": {"kind": "rtsp", "url": url, **more}, "watches": watches}


class Takt:
    """One service over one data folder; may be started again after it ended."""

    def __init__(
        self,
        folder: Path,
        port: int,
        networks: Mapping[str, Path | str],
        streams: Sequence[Section],
        **sections: object,
    ) -> None:
        """`port` is the broker's, if there is one; `networks` are checkpoints by the recognizer's name."""
        folder.mkdir(parents=True, exist_ok=True)
        self._config, self._log = folder / "takt.yaml", folder / "takt.log"
        self._settings = {
            "data_dir": str(folder / "data"),
            "mqtt": {"url": f"mqtt://127.0.0.1:{port}", "client_id": "service"} if port else None,
            "http": {"port": 0},
            "recognizers": {name: {"checkpoint": str(path)} for name, path in networks.items()},
            "streams": list(streams),
            **sections,
        }
        self.change()
        self.options: Sequence[str] = ()
        """More words on the command line."""
        self.environment: Mapping[str, str] = {}
        self._process: Process | None = None
        self._urls: dict[str, str] = {}

    def change(self, text: str | None = None, **sections: object) -> None:
        """Write the configuration anew, with other sections, or something else altogether; as an editor does that
        renames."""
        self._settings |= sections
        new = self._config.with_suffix(".new")
        new.write_text(text or json.dumps(self._settings, indent=1))  # JSON is YAML
        new.replace(self._config)

    async def start(self) -> None:
        """Return when it has told its addresses."""
        process = await self._spawn()
        assert process.stdout is not None
        try:
            line = await asyncio.wait_for(process.stdout.readline(), START_S)
        except TimeoutError:
            await self.kill()
            raise
        assert line, self.log
        self._urls = json.loads(line)

    async def run_to_its_end(self) -> tuple[int, list[Section]]:
        """Start it where it ends by itself; returns the exit code and what it printed."""
        process = await self._spawn()
        try:
            printed, _ = await asyncio.wait_for(process.communicate(), START_S)
        finally:
            await self.kill()
        assert process.returncode is not None
        return process.returncode, [json.loads(line) for line in printed.splitlines()]

    async def _spawn(self) -> Process:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                TAKT, "run", "--json", self._config, *self.options, stdout=PIPE, stderr=log,
                env=os.environ | {"NO_COLOR": "1", **self.environment},
            )  # fmt: skip
        return self._process

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """Everything that it logged, in all its lives."""
        return self._log.read_text()

    def url(self, name: str) -> str:
        """One of the addresses that it told."""
        return self._urls[name]

    async def page(self, name: str) -> tuple[int, str]:
        """Status and text of `metrics`, `live` or `ready`."""
        return await asyncio.to_thread(_get, self._urls[name])

    async def samples(self) -> list[Sample]:
        """All that /metrics shows."""
        _, text = await self.page("metrics")
        return [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    async def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples with these labels; 0 where there is none."""
        samples = await self.samples()
        return sum(one.value for one in samples if one.name == name and labels.items() <= one.labels.items())

    async def reaches(
        self,
        expected: Mapping[str, Mapping[str, float]],
        seconds: float = 5.0,
        rel: float = 0.15,
        timeout_s: float = 60.0,
    ) -> None:
        """Counters grow as fast as expected (by name and stream, per second) over a time of at least `seconds`.

        A busy machine gets more than one chance; one that is wrong has none.
        """
        async with asyncio.timeout(timeout_s):
            while (found := await self._rates(expected, seconds)) != {
                name: pytest.approx(rates, rel=rel) for name, rates in expected.items()
            }:
                print(f"expected {expected}, found {found}")

    async def _rates(self, wanted: Mapping[str, Mapping[str, float]], seconds: float) -> dict[str, dict[str, float]]:
        """Measured from one step of a counter to another: counters of frames grow once a second by a second's worth,
        so only the moments of their steps tell the rate."""
        clock = asyncio.get_running_loop().time
        keys = [(name, stream) for name, streams in wanted.items() for stream in streams]
        steps: dict[tuple[str, str], list[tuple[float, float]]] = {key: [] for key in keys}

        async def long_enough() -> bool:
            values = {(one.name, one.labels.get("stream")): one.value for one in await self.samples()}
            for key, seen in steps.items():
                if not seen or values[key] != seen[-1][0]:
                    seen.append((values[key], clock()))
            # The first value is no step: nobody knows since when it stood.
            return all(len(seen) > 2 and seen[-1][1] - seen[1][1] >= seconds for seen in steps.values())

        await until(long_enough, seconds + 30)
        rates = {key: (seen[-1][0] - seen[1][0]) / (seen[-1][1] - seen[1][1]) for key, seen in steps.items()}
        return {name: {stream: rates[name, stream] for stream in streams} for name, streams in wanted.items()}

    async def promote(self, *arguments: str) -> Section:
        """What `takt promote` says, in a process of its own."""
        command = (TAKT, "promote", self._config, *arguments, "--json")
        process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=asyncio.subprocess.DEVNULL)
        told, _ = await asyncio.wait_for(process.communicate(), START_S)
        return dict(json.loads(told))

    async def stop(self, timeout_s: float = 30.0) -> int:
        """SIGTERM; returns the exit code."""
        self.send(signal.SIGTERM)
        assert self._process is not None
        async with asyncio.timeout(timeout_s):
            return await self._process.wait()

    def send(self, sign: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(sign)

    async def kill(self) -> None:
        """As by kill -9; nothing happens if it has ended already."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self.kill()


def _get(url: str) -> tuple[int, str]:
    try:
        with urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()
