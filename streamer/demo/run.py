"""A simulated work cell, a broker, the service and a subscriber that shows what arrives."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from recognizers.data.synthetic import IDLE
from streamer.broker import mqtt_options
from streamer.clock import Clock, SystemClock
from streamer.demo.broker import embedded_broker
from streamer.demo.camera import CellCamera, cell_camera
from streamer.demo.judge import GRACE_S, Happening, Start, Verdict, judge
from streamer.demo.session import session_of
from streamer.service import run
from streamer.settings import Settings, settings_of
from streamer.signals import stop_on_signals
from streamer.sinks.mqtt.subscriber import Subscriber

STREAM = "cell"
WARM_UP_S = 2.0
"""Nothing can be recognized before the first clip is whole."""

WORK = """\
name: cell
takt_s: 20
cycle: {starts_with: pick, ends_with: put_away, idle_s: 30}
steps:
  pick: {typical_s: 1.8, max_s: 8}
  place: {after: [pick], typical_s: 1.8, max_s: 8}
  tighten: {after: [place], optional: true, at_most: 3, typical_s: 3.8, max_s: 20}
  loosen: {after: [place], optional: true, at_most: 3, typical_s: 3.8, max_s: 20}
  inspect: {after: [place], typical_s: 3, max_s: 10}
  put_away: {after: [inspect], typical_s: 1.9, max_s: 8}
"""
"""As config/procedures/cell.yaml says it."""

COLOURS = {"pick": "cyan", "place": "blue", "tighten": "green", "loosen": "magenta", "inspect": "yellow"}


Part = str | tuple[str, str]
"""Text, or text and its style."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A demo as somebody wants it."""

    seconds: float
    """How long; 0: until told to stop."""
    seed: int
    mistakes: bool
    """Whether they are made at the bench."""
    mqtt_url: str | None
    """None: a broker of our own."""
    http_port: int


class Output(Protocol):
    def result(self, fields: Mapping[str, object], *parts: Part) -> None: ...

    def say(self, *parts: Part) -> None: ...


async def demo(asked: Asked, output: Output) -> int:
    """Run, then say what was right, wrong and missed.

    Raises:
        TaktError: camera or broker did not start, or the service cannot run.
        SinkUnavailable: the given broker cannot be reached.
    """
    clock, stop = SystemClock(), asyncio.Event()
    async with AsyncExitStack() as stack:
        stack.enter_context(stop_on_signals(stop))
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="takt-demo-")))
        camera = await stack.enter_async_context(cell_camera(asked.seed, asked.mistakes))
        if asked.mqtt_url is None:
            broker = await stack.enter_async_context(embedded_broker())
            urls = {
                "url": f"mqtt://127.0.0.1:{broker.port}",
                "websocket_url": f"ws://127.0.0.1:{broker.websocket_port}",
            }
        else:
            urls = {"url": asked.mqtt_url}
        settings = _settings(camera.url, urls, asked.http_port, folder)
        assert settings.mqtt is not None
        audience = _Audience(output, clock)
        options = replace(mqtt_options(settings.mqtt), client_id=f"takt-demo-audience-{os.getpid()}")
        subscriber = await stack.enter_async_context(Subscriber.open(options, f"{options.prefix}/{STREAM}/+"))
        output.say(
            *("camera ", (camera.url, "bold"), "   broker ", (settings.mqtt.url, "bold")),
            *("   topic ", (f"{options.prefix}/{STREAM}/events", "bold")),
        )
        ended_at = await _watched(settings, asked.seconds, stop, subscriber, audience)
    began_at = (audience.online_at or ended_at) + WARM_UP_S
    done = _done(asked, camera, ended_at)
    whole = [one for one in done if began_at <= one.start_at and one.end_at <= ended_at - GRACE_S]
    cut = [one for one in done if one not in whole]
    starts = [start for start in audience.starts if began_at <= start.decided_at]
    _summary(judge(whole, starts, cut), audience.latencies_s, output)
    return 0


async def _watched(
    settings: Settings, seconds: float, stop: asyncio.Event, subscriber: Subscriber, audience: _Audience
) -> float:
    """Run the service while the audience listens; returns when it ended (Unix seconds)."""
    clock = SystemClock()
    try:
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(audience.listen(subscriber))
            ending = group.create_task(_stop_after(seconds, stop, clock))
            await run(settings, stop, audience.opened)
            ended_at = clock.now()
            ending.cancel()
            await audience.settled()
            listening.cancel()
    except BaseExceptionGroup as group_error:
        # The service and the subscriber fail for one reason; the first to notice tells it.
        raise group_error.exceptions[0] from None
    return ended_at


async def _stop_after(seconds: float, stop: asyncio.Event, clock: Clock) -> None:
    if seconds > 0:
        await clock.sleep(seconds)
        stop.set()


def _settings(camera_url: str, broker: Mapping[str, str], http_port: int, folder: Path) -> Settings:
    work = folder / "work.yaml"
    work.write_text(WORK)
    return settings_of(
        {
            "data_dir": folder,
            "mqtt": {**broker, "client_id": f"takt-demo-{os.getpid()}"},
            "http": {"port": http_port},
            "recognizers": {"cell": {"kind": "slowfast", "checkpoint": "bundled:cell"}},
            "streams": [
                {
                    "id": STREAM,
                    "source": {"kind": "rtsp", "url": camera_url},
                    "watches": [{"id": "bench", "recognizer": "cell", "procedure": work}],
                }
            ],
            "evidence": {"verdicts": ["missed", "out_of_order"], "before_s": 3.0, "after_s": 1.0, "max_mib": 64},
            "labels": {"folder": folder / "labels", "max_mib": 64},
            "shutdown": {"grace_s": 3.0},
            "log": {"level": "warning"},
        }
    )


class _Audience:
    """Whoever subscribes to the events: shows them, and remembers what began."""

    def __init__(self, output: Output, clock: Clock) -> None:
        self.starts: list[Start] = []
        self.latencies_s: list[float] = []
        self.online_at: float | None = None
        """Unix seconds at which the stream was announced to be online."""
        self.output = output
        self._clock = clock
        self._open: set[str] = set()
        self._changed = asyncio.Event()

    def opened(self, told: Mapping[str, object], _: str) -> None:
        """The service listens."""
        self.output.result(told, "open ", (str(told["page"]), "bold cyan"), " in a browser\n")

    async def listen(self, subscriber: Subscriber) -> None:
        async for topic, payload in subscriber:
            if not payload:
                continue  # somebody removed the stream: what was retained of it is cleared
            event: dict[str, Any] = json.loads(payload)
            if topic.endswith("/status"):
                if event["status"] == "online" and self.online_at is None:
                    self.online_at = _unix(event["since"])
                continue
            if event["type"] in ("step", "cycle"):
                self._show_work(event)
            if event["type"] != "action":
                continue
            latency_s = self._clock.now() - _unix(event["decided_at"])
            self._show(event, latency_s)
            if event["phase"] == "started":
                self.starts.append(Start(event["action"], _unix(event["decided_at"])))
                self.latencies_s.append(latency_s)
                self._open.add(event["action_id"])
            else:
                self._open.discard(event["action_id"])
            self._changed.set()

    async def settled(self) -> None:
        """Return when everything that began has ended, or after two seconds."""
        try:
            async with asyncio.timeout(2.0):
                while self._open:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            self.output.say(f"{len(self._open)} actions were never seen to end")

    def _show(self, event: Mapping[str, Any], latency_s: float) -> None:
        action, began = event["action"], event["phase"] == "started"
        sign = "▶" if began else "■"
        more = f"{latency_s * 1000:4.0f} ms from glass" if began else f"took {event.get('duration_s', 0):.1f} s"
        self.output.result(
            {"event": event, "latency_s": round(latency_s, 3)},
            f"{event['at'][11:21]}  {sign} ",
            (f"{action:9}", f"bold {COLOURS.get(action, 'white')}"),
            f" {event['phase']:8} {event['score']:.0%}  {more}",
        )

    def _show_work(self, told: Mapping[str, Any]) -> None:
        """A verdict on a step, or a unit that is over."""
        how = "after" if told.get("phase") == "abandoned" else "in"
        at, took = told["at"][11:21], f" {how} {told['took_s']:.1f} s" if "took_s" in told else ""
        if told["type"] == "step":
            style = "green" if told["verdict"] == "done" else "yellow"
            self.output.result(
                {"step": told}, f"{at}     ", (f"{told['step']:9}", "bold"), " ", (told["verdict"], style), took
            )
        elif told["phase"] != "started":
            late = f", {told['deviation_s']:+.1f} s off its takt" if told["phase"] == "completed" else ""
            self.output.result({"unit": told}, f"{at}  ", (f"unit {told['phase']}", "bold"), f"{took}{late}")


def _unix(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _done(asked: Asked, camera: CellCamera, ended_at: float) -> list[Happening]:
    """What the cell's own script says was done, the last perhaps not to its end."""
    segments = session_of(asked.seed, asked.mistakes).truth(max(0.0, ended_at - camera.began_at))
    return [
        Happening(segment.label, camera.began_at + segment.start_s, camera.began_at + segment.end_s)
        for segment in segments
        if segment.label != IDLE
    ]


def _summary(verdict: Verdict, latencies_s: list[float], output: Output) -> None:
    delays = sorted(latencies_s)
    p50, p95 = (delays[int(share * (len(delays) - 1))] for share in (0.5, 0.95)) if delays else (None, None)
    done = len(verdict.right) + len(verdict.missed)
    fields = {
        "summary": {
            "done": done,
            "right": len(verdict.right),
            "wrong": len(verdict.wrong),
            "missed": len(verdict.missed),
            "missed_actions": [one.action for one in verdict.missed],
            "wrong_actions": [one.action for one in verdict.wrong],
            "latency_s": {"p50": p50, "p95": p95},
        }
    }
    told: list[Part] = [
        (f"\n{done} actions were done: ", "bold"),
        *((f"{len(verdict.right)} right", "bold green"), (", ", "bold")),
        *((f"{len(verdict.wrong)} wrong", "bold red"), (", ", "bold")),
        (f"{len(verdict.missed)} missed", "bold yellow"),
    ]
    if p50 is not None and p95 is not None:
        told.append(f"   from glass to event {p50 * 1000:.0f} ms (median), {p95 * 1000:.0f} ms (95 %)")
    output.result(fields, *told)
