"""A consumer at the broker as a plant would have it: a durable session that comes back by itself."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import jsonschema
from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

SCHEMA = json.loads((Path(__file__).parents[2] / "config/schema/event.v1.json").read_text())
Body = dict[str, Any]


class Consumer:
    """Remembers every message, also those that came while the connection or the broker was away.

    paho's own thread appends; the test's thread reads.
    """

    def __init__(self, port: int) -> None:
        self.received: list[tuple[str, bytes]] = []
        self._port = port
        self._client = Client(CallbackAPIVersion.VERSION2, "consumer", protocol=MQTTProtocolVersion.MQTTv5)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._subscribe
        self._client.on_message = self._take

    def _subscribe(self, client: Client, _data: object, flags: ConnectFlags, _code: ReasonCode, _more: object) -> None:
        if not flags.session_present:
            client.subscribe("takt/#", qos=1)

    def _take(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self.received.append((message.topic, message.payload))

    def __enter__(self) -> Self:
        session = Properties(PacketTypes.CONNECT)
        session.SessionExpiryInterval = 3600
        # Mosquitto 2.0 keeps over a kill only sessions that were never asked to start clean.
        self._client.connect("127.0.0.1", self._port, clean_start=False, properties=session)
        self._client.loop_start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: str) -> None:
        """As a scanner would."""
        self._client.publish(topic, payload, qos=1)

    def payloads(self) -> list[Body]:
        """Every event as it came, those sent again among them."""
        return [json.loads(payload) for topic, payload in list(self.received) if topic.endswith("/events")]

    def events(self, stream: str, phase: str = "", watch: str = "") -> list[Body]:
        """Each event of a stream once, in order of arrival."""
        firsts = {one["event_id"]: one for one in reversed(self.payloads()) if one["stream"] == stream}
        chosen = [one for one in firsts.values() if phase in ("", one["phase"]) and watch in ("", one["watch"])]
        return sorted(chosen, key=lambda one: (one["term"], one["seq"]))

    def statuses(self, stream: str) -> list[tuple[str, str]]:
        """(status, reason) as they were announced; once, where only something else of the status changed."""
        bodies = [json.loads(payload) for topic, payload in list(self.received) if topic == f"takt/{stream}/status"]
        return [both for both, _ in groupby((body["status"], body["reason"]) for body in bodies)]

    def is_online(self, stream: str) -> bool:
        return self.statuses(stream)[-1:] == [("online", "live")]

    def was_left(self) -> bool:
        """The service said goodbye: the last thing it says, so that everything before it is here."""
        said = [payload for topic, payload in list(self.received) if topic == "takt/service/service/status"]
        return said[-1:] == [b"offline"]


def assert_lawful(payloads: list[Body], *, all_ended: bool) -> None:
    """What every consumer may rely on, whatever happened: schema, one start and one end, no holes, no mixing.

    `all_ended`: the service was stopped, so that nothing may be open any more.
    """
    numbers: dict[tuple[str, int], set[int]] = defaultdict(set)
    actions: dict[str, dict[str, Body]] = defaultdict(dict)
    unique: dict[str, Body] = {}
    for payload in payloads:
        jsonschema.validate(payload, SCHEMA)
        assert unique.setdefault(payload["event_id"], payload) == payload
    for payload in unique.values():
        assert payload["phase"] not in actions[payload["action_id"]]
        actions[payload["action_id"]][payload["phase"]] = payload
        assert payload["seq"] not in numbers[payload["stream"], payload["term"]]
        numbers[payload["stream"], payload["term"]].add(payload["seq"])
    for place, seen in numbers.items():
        assert seen == set(range(1, len(seen) + 1)), f"holes in (stream, term) {place}: {sorted(seen)}"
    for phases in actions.values():
        started, ended = phases["started"], phases.get("ended")
        if ended is None:
            assert not all_ended, f"never ended: {started}"
            continue
        same = ("stream", "watch", "epoch", "action", "started_at")
        assert [started[key] for key in same] == [ended[key] for key in same]
        assert (started["term"], started["seq"]) < (ended["term"], ended["seq"])
        assert started["at"] <= ended["at"]
