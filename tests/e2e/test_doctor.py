"""The doctor at a real broker with users and rights, and the whole of it as a command."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path

import pytest

from streamer.clock import SystemClock
from streamer.doctor import Grade, broker
from streamer.sinks.mqtt import MqttOptions, Subscriber
from streamer.testing.feeds import FilmFeed
from streamer.testing.mqtt_stub import MqttStub
from streamer.testing.rtsp import RtspCamera
from tests.e2e.films import film
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import always_bright
from tests.e2e.takt import TAKT
from tests.streamer.doctor.findings import worst
from tests.streamer.settings.files import VALID, read, write_card

pytestmark = pytest.mark.e2e
SECRET = "C4N4RY-7f3"


def guarded(folder: Path, *rights: str, more: tuple[str, ...] = ()) -> Mosquitto:
    """A broker that knows the user `takt` and gives it these rights."""
    subprocess.run(["mosquitto_passwd", "-b", "-c", folder / "passwords", "takt", SECRET], check=True)
    (folder / "acl").write_text("\n".join(["user takt", *rights, ""]))
    lines = (f"password_file {folder}/passwords", f"acl_file {folder}/acl", "allow_anonymous false", *more)
    return Mosquitto(folder / "broker", *lines)


async def looked_at(folder: Path, port: int, password: str = SECRET) -> list[tuple[Grade, str]]:
    write_card(folder / "cell.safetensors")
    (folder / "password").write_text(password)
    mqtt = f'mqtt: {{url: "mqtt://127.0.0.1:{port}", username: takt, password_file: {folder}/password}}\n'
    found = await broker.look(read(folder, mqtt + VALID), SystemClock())
    assert password not in repr(found)
    worst(found)  # each says what to do
    return [(one.grade, one.says) for one in found]


async def test_a_broker_that_lets_us_do_all_is_good(tmp_path: Path) -> None:
    with guarded(tmp_path, "topic readwrite takt/#") as server:
        found = await looked_at(tmp_path, server.port)
    assert {grade for grade, _ in found} == {Grade.GOOD}
    assert [says for _, says in found] == ["connected, MQTT 5", "may write to and read takt/#"]


async def test_nothing_of_it_stays_on_the_broker(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as server:
        await looked_at(tmp_path, server.port)
        client = MqttOptions("127.0.0.1", server.port, client_id="afterwards")
        async with Subscriber.open(client, "takt/#", "$SYS/broker/version") as told:
            topic, _ = await anext(aiter(told))
    assert topic == "$SYS/broker/version"  # retained messages come in the order of subscriptions


@pytest.mark.parametrize(
    ("rights", "grade", "says"),
    [
        (("topic readwrite other/#",), Grade.BAD, "may not write to takt/cell-4/doctor (not_authorized)"),
        (("topic write takt/#",), Grade.WARNING, "may write to takt/cell-4/doctor, and not read it"),
    ],
    ids=["no_right", "write_only"],
)
async def test_what_the_access_list_forbids_is_told(
    tmp_path: Path, rights: tuple[str, ...], grade: Grade, says: str
) -> None:
    with guarded(tmp_path, *rights) as server:
        found = await looked_at(tmp_path, server.port)
    assert found[-1][0] is grade
    assert found[-1][1].startswith(says)


async def test_a_wrong_password_is_told_and_not_shown(tmp_path: Path) -> None:
    with guarded(tmp_path, "topic readwrite takt/#") as server:
        ((grade, says),) = await looked_at(tmp_path, server.port, "C4N4RY-wrong")
    assert grade is Grade.BAD
    assert "auth" in says


async def test_limits_and_missing_powers_are_told(tmp_path: Path) -> None:
    limits = ("max_packet_size 20000", "retain_available false")
    with guarded(tmp_path, "topic readwrite takt/#", more=limits) as server:
        said = [says for grade, says in await looked_at(tmp_path, server.port) if grade is not Grade.GOOD]
    packet, retain, large = said
    assert "at most 20000 bytes" in packet
    assert retain.startswith("does not retain")
    assert large == "refuses a message of 63 KiB (packet_too_large)"


async def test_a_broker_of_mqtt_3_is_told(tmp_path: Path) -> None:
    async with MqttStub(refuses_v5=True).serving() as stub:
        found = await looked_at(tmp_path, stub.port)
    assert any("only MQTT 3.1.1" in says for _, says in found)
    assert found[-1][0] is Grade.BAD  # what is written there does not come back


def test_no_broker_is_told(tmp_path: Path) -> None:
    ((grade, says),) = asyncio.run(looked_at(tmp_path, 1))
    assert grade is Grade.BAD
    assert "refused" in says


async def told(*arguments: str | Path) -> tuple[int | None, str]:
    """Exit code and output of `takt doctor`."""
    process = await asyncio.create_subprocess_exec(TAKT, "doctor", *arguments, stdout=asyncio.subprocess.PIPE)
    said, _ = await asyncio.wait_for(process.communicate(), 90)
    return process.returncode, said.decode()


async def test_the_command_says_all_and_its_exit_code_what_to_think_of_it(tmp_path: Path, broker: Mosquitto) -> None:
    file, network = tmp_path / "cell.yaml", always_bright(tmp_path / "bright.safetensors")
    mqtt = f'mqtt: {{url: "mqtt://127.0.0.1:{broker.port}"}}'
    text = f"data_dir: {tmp_path}/data\nhttp: {{port: 0}}\n{mqtt}\n{VALID}".replace("CHECKPOINT", str(network))

    async with RtspCamera(FilmFeed(film(tmp_path), SystemClock())) as camera:
        file.write_text(text.replace("rtsp://cam4/main", camera.url))
        code, said = await told(file, "--json")
    *findings, total = map(json.loads, said.splitlines())
    assert (code, [one for one in findings if one["grade"] == "bad"]) == (0, [])
    assert {one["area"] for one in findings} == {"machine", "disk", "broker", "cameras", "recognizers"}
    assert total["looked_at"] == len(findings)
    assert not (tmp_path / "data").exists()

    file.write_text(text.replace("rtsp://cam4/main", f"rtsp://user:{SECRET}@127.0.0.1:1/main"))
    code, said = await told(file, "--only", "cameras")
    assert code == 1
    assert "to do: check that the camera is switched on" in said
    assert SECRET not in said


async def test_warnings_count_where_it_is_strict(tmp_path: Path) -> None:
    file, network = tmp_path / "cell.yaml", always_bright(tmp_path / "bright.safetensors")
    secret = tmp_path / "login"
    secret.write_text("user:password")
    secret.chmod(0o644)
    text = VALID.replace("CHECKPOINT", str(network)).replace('main"}', f'main", credentials_file: {secret}}}')
    file.write_text(text)
    assert (await told(file, "--only", "files"))[0] == 0
    assert (await told(file, "--only", "files", "--strict"))[0] == 1
