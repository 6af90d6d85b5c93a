"""Dashboards are what their script writes, and ask for what there is."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from streamer.metrics import FleetMetrics, Metrics
from tests.prometheus.dashboards import BOARDS, FOLDER, expressions
from tests.prometheus.tools import ROOT, tool

RECORDED = set(re.findall(r"record: (takt:[^,\s]+)", (ROOT / "config" / "prometheus" / "recording.yaml").read_text()))
by_name = pytest.mark.parametrize("name", BOARDS)


def script() -> Any:
    spec = importlib.util.spec_from_file_location("dashboards", ROOT / "scripts" / "dashboards.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_files_are_what_the_script_writes() -> None:
    source = script()
    assert set(source.BOARDS) == set(BOARDS)
    for name in BOARDS:
        assert (FOLDER / f"{name}.json").read_text() == source.text(name), "run scripts/dashboards.py"


@by_name
def test_the_first_row_says_whether_it_is_us_or_the_camera(name: str) -> None:
    first, *stats = BOARDS[name]["panels"][:4]
    assert (first["type"], first["title"]) == ("row", "Is it us, or the camera?")
    assert [one["title"] for one in stats] == ["Is it us?", "Is it a camera?", "Is it the broker?"]


@by_name
def test_panels_lie_beside_each_other(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARDS[name]["panels"]:
        grid = panel["gridPos"]
        cells = {(grid["x"] + x, grid["y"] + y) for x in range(grid["w"]) for y in range(grid["h"])}
        assert max(x for x, _ in cells) < 24
        assert not taken & cells, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in BOARDS[name]["panels"]}) == len(BOARDS[name]["panels"])


@by_name
def test_metrics_that_are_asked_for_exist(name: str) -> None:
    registry = CollectorRegistry()
    Metrics(registry).mqtt_connected(False)
    ends = ("", "_total", "_bucket", "_count", "_sum")
    known = {f"{family.name}{end}" for family in registry.collect() for end in ends}
    known |= set(re.findall(r"# TYPE (\S+)", FleetMetrics().exposition().decode()))
    for where, expr in expressions(BOARDS[name]).items():
        assert set(re.findall(r"\b(?:takt|process)_[a-z_]+\b", expr)) <= known, where
        assert set(re.findall(r"\btakt:[a-z_]+:[a-z0-9_]+", expr)) <= RECORDED, where
        assert "$" not in expr, where


def test_prometheus_can_read_every_expression(tmp_path: Path) -> None:
    rules = [
        {"record": f"x:{board}:y{number}", "expr": expr}
        for board, asked in BOARDS.items()
        for number, expr in enumerate(expressions(asked).values())
    ]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": rules}]}))
    tool("promtool", "check", "rules", file)


@pytest.mark.full
def test_grafana_knows_every_field(tmp_path: Path) -> None:
    """Its types come from npm, which not everybody may reach."""
    if shutil.which("npm") is None:
        pytest.skip("npm is missing: Debian's package npm has it")
    done = subprocess.run(
        [ROOT / "scripts" / "check-dashboards", tmp_path], capture_output=True, text=True, check=False
    )
    if not (tmp_path / "node_modules" / "typescript").exists():
        pytest.skip(f"npm gives no packages here: {done.stderr[-200:]}")
    assert done.returncode == 0, done.stdout + done.stderr
