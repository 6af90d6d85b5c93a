#!/usr/bin/env python3
"""Write helm/taktstream/values.schema.json: the chart's values (helm/values.schema.yaml) with what the settings take.

usage: scripts/chart_schema.py    (a test says when it has to be run)
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the settings of this checkout, wherever the package is installed from
from streamer.settings import schema  # noqa: E402

HERE, OUT = ROOT / "helm" / "values.schema.yaml", ROOT / "helm" / "taktstream" / "values.schema.json"
VARIABLE = r"\$\{[A-Za-z_][A-Za-z0-9_]*\}"
SECRET = f"^{VARIABLE}$"
ADDRESS = rf"^({VARIABLE}|[a-z]+://[^/?#@]*([/?#].*)?)$"
"""Without a user and a password in it."""
Schema = dict[str, Any]


def guarded(part: Any, name: str = "") -> Any:
    """The same, but what holds a secret takes a variable alone, and an address no password."""
    if isinstance(part, list):
        return [guarded(one, name) for one in part]
    if not isinstance(part, dict):
        return part
    same = {key: guarded(one, name if key in ("anyOf", "items") else key) for key, one in part.items()}
    if part.get("writeOnly") is True:
        wrong = {"type": "string", "not": {"pattern": ADDRESS if name == "url" else SECRET}}
        return same | {"not": wrong}  # of a pattern that does not match, helm would quote the value: the secret
    return same


def whole() -> str:
    """The text of the file."""
    values = yaml.safe_load(HERE.read_text(encoding="utf-8"))
    config = guarded(schema())
    parts = config.pop("$defs") | values.pop("$defs")
    del config["$schema"], config["properties"]["data_dir"]  # which is the volume
    rule = parts["Rule"][
        "properties"
    ]  # Helm reads the words on and off as truth values; templates/_helpers.tpl mends that
    rule |= {"true": rule["on"], "false": rule["off"]}
    values["properties"]["config"] = config
    described = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Values of the chart taktstream"}
    return json.dumps({**described, **values, "$defs": parts}, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    OUT.write_text(whole(), encoding="utf-8")
