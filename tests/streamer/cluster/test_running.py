"""What does not fit many machines is said before any is asked, and so is where no cluster is."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from streamer.cluster.door import connected
from streamer.cluster.running import check_spread
from streamer.errors import ConfigError
from tests.streamer.workers.test_supervisor import plant


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ("evidence: {actions: [all]}", "evidence: pictures stay on the machine"),
        ("labels: {folder: labels}", "labels.folder: pictures stay on the machine"),
    ],
)
def test_what_would_stay_on_some_machine_is_refused(tmp_path: Path, more: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        check_spread(plant(tmp_path, more))


def test_a_folder_that_is_another_on_each_machine_is_refused(tmp_path: Path) -> None:
    settings = plant(tmp_path)
    check_spread(settings)
    settings = settings.model_copy(update={"data_dir": Path("data")})
    with pytest.raises(ConfigError, match="data_dir: must be an absolute path"):
        check_spread(settings)


@pytest.mark.parametrize("address", ["head", "head:", "head:port", ":6379"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="must be HOST:PORT of the head, or auto"), connected(address, True):
        pass


def test_where_nobody_answers_is_said_at_once() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(ConfigError, match="nobody answers there"), connected(address, True):
            pass


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"pip install 'taktstream\[ray\]'"), connected("auto", True):
        pass


def test_a_single_machine_never_imports_ray() -> None:
    modules = "streamer.service, streamer.workers.supervisor, streamer.workers.process"
    code = f"import sys, {modules}; print('ray' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
