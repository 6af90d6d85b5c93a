"""What a broker was seen to do becomes a finding and a remedy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from streamer.doctor import Finding, Grade, broker
from streamer.settings.sections import Mqtt
from streamer.sinks.mqtt import V5, V311, Checkup, MqttOptions, Permission
from tests.streamer.doctor.findings import worst

OPTIONS = MqttOptions("127.0.0.1", username="takt", password="C4N4RY")
MQTT = Mqtt(url="mqtt://127.0.0.1", username="takt")
ALL = Permission("takt/cell-4/doctor", came=True, retained=True, willed=True)


def judged(found: Checkup, options: MqttOptions = OPTIONS) -> list[Finding]:
    return worst(broker.judged(MQTT, options, found))


def test_a_broker_that_does_everything_is_good() -> None:
    assert judged(Checkup(permissions=(ALL,))) == []


@pytest.mark.parametrize("reason", ["refused", "dns", "timeout", "auth", "tls", "no_answer", "something new"])
def test_no_connection_is_bad(reason: str) -> None:
    (found,) = judged(Checkup(reason, f"{reason}: told so"))
    assert found.grade is Grade.BAD


@pytest.mark.parametrize(
    ("permission", "version", "grade", "says"),
    [
        (Permission("takt/a/doctor", written="not_authorized"), V5, Grade.BAD, "may not write"),
        (Permission("takt/a/doctor", read="Not authorized"), V5, Grade.WARNING, "not read it"),
        (Permission("takt/a/doctor"), V311, Grade.BAD, "does not come back"),
        (replace(ALL, retained=False), V5, Grade.BAD, "does not retain"),
        (replace(ALL, willed=False), V5, Grade.BAD, "vanished"),
        (replace(ALL, large="packet_too_large"), V5, Grade.WARNING, "63 KiB"),
    ],
)
def test_each_right_that_is_missing_is_told(permission: Permission, version: int, grade: Grade, says: str) -> None:
    found = judged(Checkup(version=version, permissions=(permission,)))[-1]
    assert found.grade is grade
    assert says in found.says


def test_old_small_and_open_brokers_are_told() -> None:
    far = replace(OPTIONS, host="broker")
    assert [one.grade for one in judged(Checkup(version=V311, largest=1000, permissions=(ALL,)), far)] == [
        Grade.WARNING
    ] * 3
    assert judged(Checkup(permissions=(ALL,)), replace(far, tls=True)) == []
