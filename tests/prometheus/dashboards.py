"""The dashboards, and what they ask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "config" / "grafana" / "dashboards"
BOARDS: dict[str, dict[str, Any]] = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
SAID = {"$__rate_interval": "10s", "$__range": "1m", "$instance": ".*", "$stream": ".*", "$recognizer": ".*"}


def expressions(board: dict[str, Any]) -> dict[str, str]:
    """By panel and query, as Grafana would send them."""
    asked = {
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in board["panels"]
        for target in panel.get("targets", [])
    }
    for name, value in SAID.items():
        asked = {where: expr.replace(name, value) for where, expr in asked.items()}
    return asked
