"""Every alert fires when it should, stays silent when it should not, and has a page for whoever is woken."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from streamer.metrics import FleetMetrics, Metrics
from tests.prometheus.tools import ROOT, tool

RULES = [ROOT / "config" / "prometheus" / name for name in ("recording.yaml", "alerts.yaml")]
ALERTS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "config" / "prometheus" / "alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]
CASES = sorted(Path(__file__).parent.glob("*.yaml"))
RUNBOOKS = ROOT / "docs" / "runbooks"
PARTS = ["Us or the camera?", "Look", "Do", "Try it"]


def by_name(alert: dict[str, Any]) -> str:
    return str(alert["alert"])


def test_prometheus_takes_the_rules() -> None:
    tool("promtool", "check", "rules", *RULES)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_alerts_fire_and_stay_silent(case: Path) -> None:
    tool("promtool", "test", "rules", case)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_alerts_fire_and_stay_silent_alike_where_every_series_is_of_a_worker(case: Path, tmp_path: Path) -> None:
    """With several workers each series has a label more. What is told is the same, save of what is a worker's own."""
    known = yaml.safe_load(case.read_text())
    known["rule_files"] = [str(rules) for rules in RULES]
    for one in known["tests"]:
        worker = "supervisor" if "TaktRestarting" in one["name"] else "0"
        for given in one["input_series"]:
            given["series"] = of_a_worker(given["series"], worker)
        for told in one["alert_rule_test"]:
            for alert in told["exp_alerts"]:
                if told["alertname"] in OF_WORKERS and "worker" not in alert["exp_labels"]:
                    alert["exp_labels"]["worker"] = worker
    (tmp_path / case.name).write_text(yaml.safe_dump(known))
    tool("promtool", "test", "rules", tmp_path / case.name)


OF_WORKERS = ("TaktFileDescriptors", "TaktMemoryGrows", "TaktNoDecisions")
"""What is told of one worker, not of the service."""


def of_a_worker(series: str, worker: str) -> str:
    if "worker=" in series or not series.startswith(("takt_", "process_")):
        return series
    return series.replace("{", f'{{worker="{worker}",')


def test_prometheus_takes_its_configuration(tmp_path: Path) -> None:
    text = (ROOT / "config" / "prometheus" / "prometheus.yaml").read_text()
    config = tmp_path / "prometheus.yaml"
    config.write_text(text.replace("/etc/prometheus", str(ROOT / "config" / "prometheus")))
    tool("promtool", "check", "config", config)


def test_alertmanager_takes_its_configuration() -> None:
    tool("amtool", "check-config", ROOT / "config" / "alertmanager" / "alertmanager.yaml")


def test_every_alert_is_seen_to_fire_and_to_stay_silent() -> None:
    fires, silent = set(), set()
    for case in CASES:
        for one in yaml.safe_load(case.read_text())["tests"]:
            for told in one["alert_rule_test"]:
                (fires if told["exp_alerts"] else silent).add((told["alertname"], one["name"]))
    for alert in map(by_name, ALERTS):
        assert any(name == alert for name, _ in fires), alert
        assert any(name == alert and "silent" in case for name, case in silent), alert


@pytest.mark.parametrize("alert", ALERTS, ids=by_name)
def test_every_alert_says_how_bad_it_is_and_where_to_read_on(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in ("page", "ticket")
    said = alert["annotations"]
    assert set(said) == {"summary", "description", "runbook_url"}
    assert said["runbook_url"] == f"docs/runbooks/{alert['alert']}.md"
    assert len(said["summary"]) <= 100  # a pager shows no more


@pytest.mark.parametrize("alert", ALERTS, ids=by_name)
def test_every_alert_has_a_page(alert: dict[str, Any]) -> None:
    text = (RUNBOOKS / f"{alert['alert']}.md").read_text()
    assert text.startswith(f"# {alert['alert']}\n")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == PARTS
    assert all(part.strip() for part in re.split(r"^#.*$", text, flags=re.MULTILINE)[1:])


def test_every_page_has_an_alert() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == set(map(by_name, ALERTS))


def test_rules_and_pages_name_metrics_that_exist() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    metrics.mqtt_connected(False)
    metrics.sparkplug.sparkplug_born(False)
    metrics.sparkplug.sparkplug_reconnect("lost")
    known = set(re.findall(r"# TYPE (\S+)", FleetMetrics().exposition().decode()))
    known |= {f"{family.name}{end}" for family in registry.collect() for end in ("", "_total", "_bucket", "_count")}
    rules = "\n".join(path.read_text() for path in RULES)
    pages = [*RUNBOOKS.glob("*.md"), ROOT / "docs" / "operate.md"]
    text = rules + "\n".join(path.read_text() for path in pages)
    assert set(re.findall(r"\b(?:takt|process)_[a-z_]+\b", text)) - known == set()

    recorded = set(re.findall(r"record: (takt:\S+?)[,\s]", rules))
    assert set(re.findall(r"\btakt:[a-z_]+:[a-z0-9_]+", text)) == recorded
