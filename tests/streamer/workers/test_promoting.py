"""A network takes over in all workers or in none, and who asks is told which could not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from recognizers.identity import identity
from streamer.errors import ConfigError, NotNow
from streamer.testing.time import FakeClock
from streamer.workers.promoting import FleetCommands
from tests.streamer.test_promotions import network
from tests.streamer.workers.test_supervisor import plant


class FakeWorker:
    """Does what it is asked, unless it is told to fail; knows what runs."""

    def __init__(self, configured: str) -> None:
        self.runs = [identity(configured)]
        self.asked: list[Mapping[str, Any]] = []
        self.fails: dict[str, Exception] = {}

    async def ask(self, what: str, patience_s: float = 30.0, **rest: Any) -> Mapping[str, Any]:
        request = rest["request"]
        self.asked.append(request)
        if request["do"] in self.fails:
            raise self.fails[request["do"]]
        if request["do"] == "outbox":
            return {"waiting": {"main": 2, "hook": 1}, "dead": 1, "gaps": [{"n": 1}]}
        before = self.runs[-1]
        if request["do"] == "undo":
            self.runs.pop()
        else:
            self.runs.append(identity(request["checkpoint"]))
        return {"recognizer": "a", "result": "done", "model": self.runs[-1], "before": before, "warm": True}

    def tell(self, what: str, **rest: Any) -> None:
        raise AssertionError("it is asked, not told")


class Fleet:
    """Three workers, in two of which the recognizer looks."""

    def __init__(self, folder: Path) -> None:
        self.configured, self.better = network(folder, "configured"), network(folder, "better")
        settings = plant(folder)
        section = settings.recognizers["a"].model_copy(update={"checkpoint": self.configured})
        self.settings = settings.model_copy(update={"recognizers": {"a": section}})
        self.workers = {slot: FakeWorker(self.configured) for slot in "012"}
        self.begins = ""
        clock = FakeClock()
        self.commands = FleetCommands(lambda: self.settings, self._all, self._runs, clock)

    def _all(self) -> Mapping[str, FakeWorker]:
        if self.begins:
            raise NotNow(f"worker {self.begins} begins")
        return self.workers

    def _runs(self, recognizer: str) -> Mapping[str, str]:
        return {slot: self.workers[slot].runs[-1] for slot in "01"} if recognizer == "a" else {}

    async def promote(self) -> Mapping[str, Any]:
        return await self.commands.answer({"do": "promote", "recognizer": "a", "checkpoint": self.better})

    @property
    def latest(self) -> str | None:
        promoted = self.commands.promotions.latest("a", self.configured)
        return None if promoted is None else promoted.id


async def test_all_in_which_it_looks_take_it_and_it_is_remembered(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    told = await fleet.promote()
    assert (told["model"], told["workers"], told["warm"]) == (identity(fleet.better), 2, True)
    assert fleet.latest == identity(fleet.better)
    assert [len(one.asked) for one in fleet.workers.values()] == [1, 1, 0]
    assert fleet.commands.promotions.said["a"]["configured"] == fleet.configured

    told = await fleet.commands.answer({"do": "undo", "recognizer": "a"})
    assert told["model"] == identity(fleet.configured)
    assert fleet.latest is None


async def test_where_one_cannot_the_others_go_back_and_nothing_has_changed(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    fleet.workers["1"].fails["promote"] = ConfigError(["it failed on live clips"])
    with pytest.raises(ConfigError) as raised:
        await fleet.promote()
    assert raised.value.problems == (
        "worker 1: it failed on live clips",
        "the others went back, so that nothing has changed",
    )
    assert fleet.workers["0"].runs == [identity(fleet.configured)]
    assert fleet.latest is None


async def test_one_that_cannot_go_back_is_named(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    fleet.workers["1"].fails["promote"] = ConfigError(["no"])
    fleet.workers["0"].fails["undo"] = NotNow("it ended")
    with pytest.raises(ConfigError, match="worker 0 had done it and could not go back: it ended"):
        await fleet.promote()


async def test_an_undo_that_fails_somewhere_is_taken_back(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    await fleet.promote()
    fleet.workers["1"].fails["undo"] = NotNow("it ended")
    with pytest.raises(ConfigError, match="nothing has changed"):
        await fleet.commands.answer({"do": "undo", "recognizer": "a"})
    assert fleet.workers["0"].runs[-1] == identity(fleet.better) == fleet.latest


async def test_while_a_worker_begins_nothing_is_promoted(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    fleet.begins = "2"
    with pytest.raises(NotNow, match="worker 2 begins"):
        await fleet.commands.answer({"do": "promote", "recognizer": "not seen yet"})
    with pytest.raises(NotNow, match="worker 2 begins"):
        await fleet.promote()
    assert fleet.latest is None
    assert all(not one.asked for one in fleet.workers.values())


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ({"do": "promote", "recognizer": "b"}, "no recognizer b runs"),
        ({"do": "promote", "recognizer": "a"}, "has no shadow"),
        ({"do": "promote", "recognizer": "a", "checkpoint": "/nowhere"}, "nowhere"),
        ({"do": "undo", "recognizer": "a"}, "nothing to undo"),
        ({"do": "outbox", "what": "retry", "ids": [1]}, "retry takes all"),
    ],
)
async def test_what_makes_no_sense_is_refused_before_anybody_is_asked(
    tmp_path: Path, request_: Mapping[str, Any], told: str
) -> None:
    fleet = Fleet(tmp_path)
    with pytest.raises(ConfigError, match=told):
        await fleet.commands.answer(request_)
    assert all(not one.asked for one in fleet.workers.values())


async def test_outboxes_are_spoken_of_as_one(tmp_path: Path) -> None:
    told = await Fleet(tmp_path).commands.answer({"do": "outbox", "what": "show"})
    assert told == {"waiting": {"main": 6, "hook": 3}, "dead": 3, "gaps": [{"n": 1}] * 3}


async def test_a_recognizer_that_is_let_go_meanwhile_is_promoted_nowhere(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    looks = iter([fleet._runs("a"), {}])
    fleet.commands = FleetCommands(lambda: fleet.settings, fleet._all, lambda _: next(looks), FakeClock())
    with pytest.raises(ConfigError, match="no recognizer a runs"):
        await fleet.promote()
    assert fleet.latest is None
    fleet.commands.close()
