#!/usr/bin/env python3
"""Write docs/configuration.md: every key of a configuration, of the settings themselves.

usage: scripts/configuration_page.py    (a test says when it has to be run)
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the settings of this checkout, wherever the package is installed from
from streamer.settings import schema  # noqa: E402

OUT = ROOT / "docs" / "configuration.md"
HEADER = """\
# Configuration

You want to know what a key means, what it may be, and what it is when you leave it out.
`scripts/configuration_page.py` writes this
page from the settings themselves, and a test compares them. The same as one file to copy from:
[reference.yaml](../config/reference.yaml).

```sh
takt check cell.yaml      # every mistake at once, with file and line, and what would be right
takt schema               # the same as JSON Schema, for editors
```

* Unknown keys are refused. **required** keys have no default.
* `${NAME}` in a text stands for an environment variable; where `NAME` is not set and `NAME_FILE` is, for the
  content of the file that
  `NAME_FILE` names.
* Paths count from the folder in which `takt` is started; procedures lie beside the configuration.
* A name ends in its unit: `_s` seconds, `_mib` MiB, `_h` hours.
"""
PLAIN = {"integer": "whole number", "number": "number", "boolean": "true or false", "null": "null"}
LIMITS = (
    ("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"),
    ("minItems", "at least"), ("maxItems", "at most"), ("maxLength", "characters ≤"),
)  # fmt: skip
Schema = dict[str, Any]


class Page:
    """Sections in the order in which they are met, each with the keys that hold it."""

    def __init__(self, whole: Schema) -> None:
        self.parts: dict[str, Schema] = whole["$defs"]
        self.lines: list[str] = [HEADER]
        self._section("(top)", whole, "A configuration", 2)

    def _section(self, path: str, of: Schema, title: str, depth: int) -> None:
        required = set(of.get("required", []))
        self.lines += [f"{'#' * min(depth, 4)} {title}", ""]
        if path != "(top)" and of.get("description"):
            self.lines += [shown(of["description"]), ""]
        self.lines += ["| key | what it may be | default | what it means |", "|---|---|---|---|"]
        inner: list[tuple[str, Schema]] = []
        for name, field in of["properties"].items():
            default = (
                "**required**" if name in required else f"`{json.dumps(field.get('default'), ensure_ascii=False)}`"
            )
            nested = list(self._sections(field, name if path == "(top)" else f"{path}.{name}"))
            inner += nested
            if nested and name not in required and field.get("default") is not None:
                default = "as below"
            kind = shown(self._kind(field))
            self.lines.append(f"| `{name}` | {kind} | {default} | {shown(self._meaning(field))} |")
        self.lines.append("")
        for where, part in inner:
            self._section(where, part, f"`{where}`{self._which(part)}", depth + 1)

    def _which(self, part: Schema) -> str:
        kind = part["properties"].get("kind", {}).get("const")
        return f": {kind}" if kind else ""

    def _meaning(self, field: Schema) -> str:
        told = str(field.get("description", ""))
        return told or next((str(self.parts[name].get("description", "")) for name in self._names(field)), "")

    def _names(self, field: Schema) -> Iterator[str]:
        """Of the sections that a field holds."""
        if "$ref" in field:
            yield field["$ref"].rpartition("/")[2]
        for one in [*field.get("anyOf", []), *field.get("oneOf", [])]:
            yield from self._names(one)
        for key in ("items", "additionalProperties"):
            if isinstance(field.get(key), dict):
                yield from self._names(field[key])

    def _sections(self, field: Schema, path: str) -> Iterator[tuple[str, Schema]]:
        of = {"array": f"{path}[]", "object": f"{path}.NAME"}.get(field.get("type", ""), path)
        for name in self._names(field):
            yield of, self.parts[name]

    def _kind(self, field: Schema) -> str:
        if choices := [*field.get("anyOf", []), *field.get("oneOf", [])]:
            return " or ".join(dict.fromkeys(self._kind(one) for one in choices))
        if "$ref" in field:
            part = self.parts[field["$ref"].rpartition("/")[2]]
            kind = part["properties"].get("kind", {}).get("const")
            return f"section of the kind `{kind}`" if kind else "section"
        if "enum" in field:
            return ", ".join(f"`{one}`" for one in field["enum"])
        if "const" in field:
            return f"`{field['const']}`"
        limits = [f"{sign} {field[key]:g}" for key, sign in LIMITS if key in field]
        return " ".join([self._bare(field), ", ".join(limits)]).strip()

    def _bare(self, field: Schema) -> str:
        match field.get("type"):
            case "array" if "prefixItems" in field:
                return f"list of {len(field['prefixItems'])}"
            case "array":
                return f"list of {self._kind(field['items'])}"
            case "object":
                return f"names, each with {self._kind(field['additionalProperties'])}"
            case "string":
                return _text(field)
            case kind:
                return PLAIN[str(kind)]


def _text(field: Schema) -> str:
    if field.get("format") == "path":
        return "path"
    if field.get("writeOnly"):
        return "secret text"
    return f"text like `{field['pattern']}`" if "pattern" in field else "text"


def shown(text: str) -> str:
    """As a cell of a table."""
    parts = " ".join(text.split()).replace("|", "\\|").split("`")
    return "`".join(part if n % 2 else part.replace("<", "&lt;").replace("*", "\\*") for n, part in enumerate(parts))


def whole() -> str:
    """The text of the file."""
    return "\n".join(Page(schema()).lines)


if __name__ == "__main__":
    OUT.write_text(whole(), encoding="utf-8")
