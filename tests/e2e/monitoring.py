"""A real Prometheus and a real Alertmanager on free ports, with the files of config/, in a hurry."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml

from tests.ports import free_port

CONFIG = Path(__file__).parents[2] / "config"


class _Program:
    """A server that answers on /-/ready."""

    def __init__(self, folder: Path, name: str) -> None:
        program = shutil.which(name)
        if program is None:
            pytest.skip(f"{name} is missing: `make test` installs it")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = folder / f"{name}.log"
        self._command = [program]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str) -> None:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([*self._command, *arguments], stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            assert self._process.poll() is None, self._log.read_text()
            try:
                with urlopen(f"{self.url}/-/ready", timeout=1):
                    return
            except (URLError, OSError):
                time.sleep(0.05)
        raise TimeoutError(self._log.read_text())

    def ask(self, path: str, **query: str) -> Any:
        try:
            with urlopen(f"{self.url}{path}?{urlencode(query)}", timeout=10) as answer:
                return json.load(answer)["data"]
        except HTTPError as error:
            raise AssertionError(f"{query}: {error.read().decode()}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class Prometheus(_Program):
    """Scrapes one service every second, as the job `takt`, with our rules; alerts wait a second instead of minutes."""

    def __init__(self, folder: Path, target: str, alertmanager: str | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder, "prometheus")
        for name in ("recording.yaml", "alerts.yaml"):
            rules = (CONFIG / "prometheus" / name).read_text()
            hurried = re.sub(r"^( +interval): 30s$", r"\1: 1s", re.sub(r" for: \d+m", " for: 1s", rules), flags=re.M)
            (folder / name).write_text(hurried)
        config = yaml.safe_load((CONFIG / "prometheus" / "prometheus.yaml").read_text())
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        config["rule_files"] = [Path(one).name for one in config["rule_files"]]
        config["scrape_configs"] = [{"job_name": "takt", "static_configs": [{"targets": [target]}]}]
        config["alerting"] = {
            "alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}] if alertmanager else []
        }
        (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
        self.start(
            f"--config.file={folder}/prometheus.yaml",
            f"--storage.tsdb.path={folder}/tsdb",
            f"--web.listen-address=127.0.0.1:{self.port}",
        )

    def values(self, expr: str) -> list[float]:
        """What an expression is now, of each series that has a number."""
        found = self.ask("/api/v1/query", query=expr)
        values = [found["result"]] if found["resultType"] == "scalar" else [one["value"] for one in found["result"]]
        return [float(value) for _, value in values if value != "NaN"]

    def labels(self, expr: str) -> set[str]:
        """Of all series of an expression."""
        found = self.ask("/api/v1/query", query=expr)
        return set() if found["resultType"] == "scalar" else {name for one in found["result"] for name in one["metric"]}


class Alertmanager(_Program):
    """Ours, with webhooks of `pager` and `tickets` at `receiver`, without waiting for others of a group."""

    def __init__(self, folder: Path, receiver: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder, "prometheus-alertmanager")
        text = (CONFIG / "alertmanager" / "alertmanager.yaml").read_text()
        text = re.sub(r"http://(\w+)\.example:8080/alerts", rf"{receiver}/\1", text).replace("30s", "1s")
        (folder / "alertmanager.yaml").write_text(text)
        self.start(
            f"--config.file={folder}/alertmanager.yaml",
            f"--storage.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--cluster.listen-address=",
        )
