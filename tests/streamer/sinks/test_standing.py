"""What an earlier process showed and nobody shows any more is taken away, once; nothing else is touched."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path

import pytest

from streamer.sinks.mqtt.remembered import Remembered
from streamer.testing.messages import message
from streamer.testing.mqtt_stub import MqttStub
from tests.e2e.takt import until
from tests.streamer.sinks.test_mqtt import reconnected, to_stub


def gone(stub: MqttStub) -> list[str]:
    return [topic for topic, payload in stub.published if not payload]


async def test_what_is_shown_no_more_is_taken_away_at_the_next_start(tmp_path: Path) -> None:
    file = tmp_path / "shown.json"
    async with to_stub(MqttStub(), remembered=file) as (sink, _):
        sink.shows(["old/status", "cam/status"])
        sink.state("old/status", {"status": "online"})
        await sink.put(message())

    stub = MqttStub()
    async with to_stub(stub, remembered=file, prefix="plant") as (sink, _):
        sink.shows(["cam/status"])
        await until(lambda: len(gone(stub)) == 4)
        assert gone(stub) == [
            "takt/cam/status", "takt/old/status", "takt/service/test/mark", "takt/service/test/status"
        ]  # fmt: skip
        kept = ["plant/cam/status", "plant/service/test/mark", "plant/service/test/status"]
        await until(lambda: json.loads(file.read_text())["topics"] == kept)

    stub = MqttStub()
    async with to_stub(stub, remembered=file, prefix="plant") as (sink, _):
        sink.shows(["cam/status"])
        await sink.put(message())
        assert gone(stub) == []


@pytest.mark.parametrize("remembers", [True, False])
async def test_what_is_shown_no_more_while_we_run_is_taken_away_and_may_come_back(
    tmp_path: Path, remembers: bool
) -> None:
    stub = MqttStub()
    async with to_stub(stub, remembered=tmp_path / "shown.json" if remembers else None) as (sink, _):
        sink.shows(["cam/status", "old/status"])
        for stream in ("cam", "old"):
            sink.state(f"{stream}/status", {"status": "online"})
        sink.shows(["cam/status"])
        await until(lambda: gone(stub) == ["takt/old/status"])
        sink.shows(["cam/status", "old/status"])
        sink.state("old/status", {"status": "online"})
        await sink.put(message())
        assert [payload != b"" for topic, payload in stub.published if topic == "takt/old/status"] == [
            True,
            False,
            True,
        ]


async def test_what_could_not_be_taken_away_is_tried_again_after_the_next_connect(tmp_path: Path) -> None:
    file = tmp_path / "shown.json"
    file.write_text('{"topics": ["takt/old/status"]}')
    stub = MqttStub(puback=lambda n: 0 if n != 1 else 0x97)
    async with to_stub(stub, remembered=file) as (sink, observer):
        sink.shows([])
        await until(lambda: gone(stub) == ["takt/old/status"])
        assert "takt/old/status" in file.read_text()
        await reconnected(sink, observer)
        await until(lambda: gone(stub) == ["takt/old/status"] * 2)
        await until(lambda: "takt/old/status" not in file.read_text())


@pytest.mark.parametrize("text", ["", "{", "[]", '{"topics": 4}', '{"topics": [4, ""]}', "\udcff"])
def test_a_file_that_says_nothing_takes_nothing_away(tmp_path: Path, text: str) -> None:
    file = tmp_path / "shown.json"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))

    assert Remembered(file).topics() == set()


def test_a_disk_that_takes_nothing_is_told_and_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    with caplog.at_level(logging.WARNING):
        Remembered(tmp_path / "file" / "shown.json").keep(["a"])

    assert "cannot be remembered for the next start" in caplog.text


async def test_a_stream_has_its_own_prefix() -> None:
    stub = MqttStub()
    async with to_stub(stub, prefix="plant/takt", prefixes={"cam": "plant/hall/takt"}) as (sink, _):
        sink.state("cam/status", {})
        sink.state("other/status", {})
        sink.listen("cam/+/andon/ack", lambda _: None, below_prefix=True)
        await asyncio.gather(sink.put(message()), sink.put(message("other")))
        await until(lambda: len(stub.published) == 5)

    assert {topic for topic, _ in stub.published} >= {
        "plant/takt/service/test/status", "plant/hall/takt/cam/status", "plant/takt/other/status",
        "plant/hall/takt/cam/events", "plant/takt/other/events",
    }  # fmt: skip
    assert stub.subscribed == ["plant/hall/takt/cam/+/andon/ack"]


async def test_what_is_gone_is_not_told_again_after_the_next_connect() -> None:
    stub = MqttStub()
    async with to_stub(stub) as (sink, observer):
        sink.retain("homeassistant/device/x/config", "")
        await until(lambda: gone(stub) == ["homeassistant/device/x/config"])
        await sink.put(message())
        await reconnected(sink, observer)
        await sink.put(message())

    assert gone(stub) == ["homeassistant/device/x/config"]


async def test_a_topic_that_the_broker_refuses_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    stub = MqttStub(puback=lambda n: 0 if n == 0 else 0x87)
    async with to_stub(stub) as (sink, observer):
        with caplog.at_level(logging.WARNING):
            sink.retain("homeassistant/device/x/config", "{}")
            sink.retain("homeassistant/device/x/config", '{"a":1}')
            await until(lambda: len(stub.published) == 3)
            await reconnected(sink, observer)
            await until(lambda: "does not keep" in caplog.text)

    assert caplog.text.count("the broker does not keep homeassistant/device/x/config: not_authorized") == 1


async def test_topics_of_a_stream_that_is_shown_elsewhere_stay_and_are_not_told_again(tmp_path: Path) -> None:
    stub, file = MqttStub(), tmp_path / "shown.json"
    async with to_stub(stub, remembered=file, elsewhere=lambda stream: stream in ("moved", "cam")) as (sink, observer):
        shown = ["cam/status", "cam/old/state", "moved/status", "gone/status"]
        sink.shows(shown)
        for topic in shown:
            sink.state(topic, {"status": "online"})
        sink.shows(["cam/status"])
        await until(lambda: gone(stub) == ["takt/cam/old/state", "takt/gone/status"])
        assert "takt/moved/status" not in json.loads(file.read_text())["topics"]
        stub.published.clear()
        await reconnected(sink, observer)
        await until(lambda: "takt/cam/status" in [topic for topic, _ in stub.published])
        assert "takt/moved/status" not in [topic for topic, _ in stub.published]
