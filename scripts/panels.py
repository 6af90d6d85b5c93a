"""Of what Grafana's dashboards are made: panels, their colours and queries, where they stand, what can be chosen."""

from __future__ import annotations

from typing import Any

WIDTH = 24
"""Of Grafana's grid."""
Json = dict[str, Any]
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
GOOD, WARN, BAD = "green", "orange", "red"


def steps(*limits: tuple[float, str], first: str = GOOD) -> Json:
    """Colours from each limit on."""
    coloured: list[tuple[float | None, str]] = [(None, first), *limits]
    return {"mode": "absolute", "steps": [{"value": value, "color": color} for value, color in coloured]}


def said(*words: tuple[str, str]) -> list[Json]:
    """What 0, 1 … are called, and their colours."""
    named = {str(value): {"text": text, "color": color, "index": value} for value, (text, color) in enumerate(words)}
    return [{"type": "value", "options": named}]


Asked = str | tuple[str, str]
"""An expression, or an expression and its legend."""


def panel(kind: str, title: str, *asked: Asked, help: str = "", unit: str = "short", **more: Any) -> Json:
    """One panel. `more`: width, height, thresholds, mappings, stack, most."""
    targets = []
    for letter, one in zip("ABCDEFGH", asked, strict=False):
        expr, legend = (one, "") if isinstance(one, str) else one
        how: Json = {"instant": kind in ("stat", "bargauge", "table")}
        how |= {"format": kind} if kind in ("table", "heatmap") else {}
        targets.append({"refId": letter, "datasource": SOURCE, "expr": expr, "legendFormat": legend, **how})
    field: Json = {"unit": unit, "thresholds": more.get("thresholds", steps())}
    if "mappings" in more:
        field["mappings"] = more["mappings"]
    if "most" in more:
        field |= {"min": 0, "max": more["most"]}
    if kind == "timeseries":
        field["custom"] = {"fillOpacity": 12, "showPoints": "never"}
        field["custom"] |= {"stacking": {"mode": "normal", "group": "A"}} if more.get("stack") else {}
    return {
        "type": kind,
        "title": title,
        "description": help,
        "datasource": SOURCE,
        "targets": targets,
        "fieldConfig": {"defaults": field, "overrides": []},
        "options": OPTIONS.get(kind, {}),
        "gridPos": {"w": more.get("width", 8), "h": more.get("height", 4 if kind == "stat" else 8), "x": 0, "y": 0},
    }


REDUCE = {"calcs": ["lastNotNull"], "fields": "", "values": False}
OPTIONS: dict[str, Json] = {
    "stat": {"reduceOptions": REDUCE, "colorMode": "background", "graphMode": "none", "textMode": "auto"},
    "bargauge": {"reduceOptions": REDUCE, "orientation": "horizontal", "displayMode": "basic"},
    "timeseries": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
    "heatmap": {"calculate": False, "yAxis": {"unit": "s"}},
    "state-timeline": {"showValue": "never", "mergeValues": True},
}


def share(part: str, whole: str) -> str:
    return f"{part} / ({whole} > 0)"


def quantiles(metric: str, labels: str, *by: str) -> list[tuple[str, str]]:
    """Half, 95 and 99 of 100 are below."""
    keys = ", ".join(["le", *by])
    rate = f"sum by ({keys}) (rate({metric}_bucket{{{labels}}}[$__rate_interval]))"
    of = "".join(f" {{{{{one}}}}}" for one in by)
    return [(f"histogram_quantile({q}, {rate})", f"p{round(q * 100)}{of}") for q in (0.5, 0.95, 0.99)]


def rate(metric: str, labels: str, *by: str) -> tuple[str, str]:
    legend = " ".join(f"{{{{{one}}}}}" for one in by)
    return f"sum by ({', '.join(by)}) (rate({metric}{{{labels}}}[$__rate_interval]))", legend


def stat(title: str, asked: str, **more: Any) -> Json:
    return panel("stat", title, asked, **{"width": 4, **more})


def graph(title: str, *asked: Asked, **more: Any) -> Json:
    return panel("timeseries", title, *asked, **more)


def variable(name: str, label: str, metric: str) -> Json:
    query = f"label_values({metric}, {name})"
    return {
        "name": name, "label": label, "type": "query", "datasource": SOURCE, "refresh": 2, "sort": 1, "multi": True,
        "includeAll": True, "allValue": ".*", "current": {"text": "All", "value": "$__all"},
        "query": {"query": query, "refId": name},
    }  # fmt: skip


def placed(rows: dict[str, list[Json]]) -> list[Json]:
    """Panels from left to right, each row of them below the one before."""
    panels: list[Json] = []
    top = 0
    for title, row in rows.items():
        panels.append({"type": "row", "title": title, "collapsed": False, "panels": [],
                       "gridPos": {"x": 0, "y": top, "w": WIDTH, "h": 1}})  # fmt: skip
        left, top, height = 0, top + 1, 0
        for one in row:
            grid = one["gridPos"]
            if left + grid["w"] > WIDTH:
                left, top, height = 0, top + height, 0
            panels.append({**one, "gridPos": {**grid, "x": left, "y": top}})
            left, height = left + grid["w"], max(height, grid["h"])
        top += height
    return [{"id": number, **one} for number, one in enumerate(panels, 1)]
