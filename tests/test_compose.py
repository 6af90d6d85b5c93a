"""docker-compose.yaml as far as it can be checked without Docker: every file is there and right by its own tool."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from streamer.settings import load
from tests.e2e.mosquitto import Mosquitto
from tests.prometheus.tools import ROOT, tool

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
by_service = pytest.mark.parametrize("name", SERVICES)


def mounts(name: str) -> dict[str, Path]:
    """Files and folders of ours by where the service sees them."""
    bound = [volume.split(":") for volume in SERVICES[name]["volumes"] if volume.startswith("./")]
    assert all(one[2] == "ro" for one in bound)
    return {there: ROOT / here for here, there, _ in bound}


def test_it_is_as_the_compose_specification_wants_it() -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    if not checker.exists():
        pytest.skip("check-jsonschema is missing: `make test` installs it")
    arguments = [checker, "--builtin-schema", "vendor.compose-spec", ROOT / "docker-compose.yaml"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@by_service
def test_every_file_that_is_mounted_is_there(name: str) -> None:
    assert all(path.exists() for path in mounts(name).values())
    kept = {one.partition(":")[0] for one in SERVICES[name]["volumes"] if not one.startswith("./")}
    assert kept <= set(COMPOSE["volumes"])


@by_service
def test_it_runs_with_few_rights_and_listens_on_this_machine_only(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert service["image"].rpartition(":")[2] != "latest"


def test_the_service_takes_its_configuration() -> None:
    settings = load(mounts("takt")["/etc/takt"] / "takt.yaml", {})
    assert str(settings.data_dir) == "/var/lib/takt"
    assert f"127.0.0.1:{settings.http.port}:{settings.http.port}" in SERVICES["takt"]["ports"]
    assert settings.mqtt is not None
    assert settings.mqtt.url == "mqtt://mosquitto:1883"


def test_every_camera_of_the_service_is_a_path_of_the_hub() -> None:
    hub = yaml.safe_load(mounts("mediamtx")["/mediamtx.yml"].read_text())
    streams = load(mounts("takt")["/etc/takt"] / "takt.yaml", {}).streams
    wanted = {f"rtsp://mediamtx{hub['rtspAddress']}/{path}" for path in hub["paths"]}
    assert {stream.source.url.get_secret_value() for stream in streams if stream.source.kind == "rtsp"} <= wanted


def test_prometheus_and_alertmanager_take_theirs(tmp_path: Path) -> None:
    for name in ("prometheus", "alertmanager"):
        for there, path in mounts(name).items():
            text = path.read_text().replace(f"/etc/{name}", str(tmp_path))
            (tmp_path / Path(there).name).write_text(text)
    tool("promtool", "check", "config", tmp_path / "prometheus.yaml")
    tool("amtool", "check-config", tmp_path / "alertmanager.yaml")
    targets = yaml.safe_load((tmp_path / "prometheus.yaml").read_text())["scrape_configs"][0]["static_configs"]
    assert targets == [{"targets": ["takt:9464"]}]


def test_grafana_finds_prometheus_and_the_dashboards() -> None:
    mounted = mounts("grafana")
    provisioning = mounted["/etc/grafana/provisioning"]
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yaml").read_text())["datasources"]
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "taktstream.yaml").read_text())["providers"]
    assert source["url"] == "http://prometheus:9090"
    assert list(mounted[provider["options"]["path"]].glob("*.json"))


@pytest.mark.e2e
def test_the_broker_takes_its_configuration_and_connections(tmp_path: Path) -> None:
    mounted, keep = mounts("mosquitto"), tmp_path / "conf.d"
    keep.mkdir()
    shutil.copy(mounted["/mosquitto/config/conf.d/keep.conf"], keep / "keep.conf")
    text = mounted["/mosquitto/config/mosquitto.conf"].read_text().replace("/mosquitto/config/conf.d", str(keep))
    for line in ("listener 1883\n", "persistence_location /mosquitto/data/\n"):  # the test has its own
        assert line in text
        text = text.replace(line, "")
    with (
        Mosquitto(tmp_path / "broker", settings=text) as broker,
        socket.create_connection(("127.0.0.1", broker.port), timeout=5),
    ):
        assert "autosave_on_changes true" in (keep / "keep.conf").read_text()
