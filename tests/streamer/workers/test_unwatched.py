"""What nobody watches is said once, in words, to those who look on and to the broker."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from streamer.audience import Onlookers
from streamer.errors import NotNow
from streamer.feed import Feed
from streamer.history import History, Limits
from streamer.register import Register
from streamer.testing.time import FakeClock
from streamer.workers.spreading import Asked
from streamer.workers.unwatched import AGAIN_S, Unwatched
from streamer.workers.wishes import view_of
from tests.schemas import validate
from tests.streamer.workers.test_spreading import FakeWorker
from tests.streamer.workers.test_supervisor import plant

PLACE = "mqtt: {prefix: 'plant/{area}', place: {area: hall}}\n"


async def test_it_is_said_once_and_again_when_it_becomes_so_again(tmp_path: Path) -> None:
    clock, settings, worker = FakeClock(), plant(tmp_path, PLACE), FakeWorker()
    async with History.open(tmp_path / "history.db", Limits(), clock) as history:
        onlookers = Onlookers(Register(clock), Feed(clock), history)
        onlookers.came(view_of(settings.streams[0]))
        unwatched = Unwatched(onlookers, lambda: settings, lambda: worker, clock)
        unwatched.are((), {"cam": 60.0})
        view = onlookers.register.view("cam")
        assert (view.state, view.reason) == ("backoff", "quarantine")
        assert view.words == (
            "workers that watched it ended, one after the other; see their last words in the log; "
            "it is tried again in 60 s"
        )
        clock.passed_s += AGAIN_S / 2
        unwatched.are((), {"cam": 60.0})
        ((what, told),) = worker.told
        assert (what, told["topic"]) == ("once", "plant/hall/cam/status")
        body = validate(told["body"])
        assert (body["status"], body["reason"]) == ("offline", "quarantine")
        clock.passed_s += AGAIN_S / 2
        unwatched.are((), {"cam": 60.0})
        assert [one["body"] for _, one in worker.told] == [body] * 2, "who was to tell it may have had no connection"
        unwatched.are((), {})
        unwatched.are(["cam"], {})
        assert onlookers.register.view("cam").reason == "overload"
        assert worker.told[-1][1]["body"]["reason"] == "overload"


async def test_where_no_worker_lives_those_who_look_on_are_told_all_the_same(tmp_path: Path) -> None:
    clock, settings = FakeClock(), plant(tmp_path, "mqtt: {}\n")

    def nobody() -> Asked:
        raise NotNow("they begin")

    async with History.open(tmp_path / "history.db", Limits(), clock) as history:
        onlookers = Onlookers(Register(clock), Feed(clock), history)
        onlookers.came(view_of(settings.streams[0]))
        aside: Mapping[str, Any] = {"cam": None}
        Unwatched(onlookers, lambda: settings, nobody, clock).are((), aside)
        assert onlookers.register.view("cam").words.endswith("it is tried again soon")
