#!/usr/bin/env python3
"""Write docs/logs.md: every line that the service logs, of its code.

usage: scripts/logs_page.py    (a test says when it has to be run)
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the code of this checkout, wherever the package is installed from
from streamer.log_codes import CODES  # noqa: E402
from tests.log_lines import lines  # noqa: E402

OUT = ROOT / "docs" / "logs.md"
HEADER = """\
# Log codes

You want to count or find lines of the log, or to know what one means. Logs go to standard error: lines for people,
or with
`log: {format: json}` (the chart's default) one JSON object a line:

```json
{"ts": "2026-11-24T14:03:07.120Z", "level": "warning", "logger": "streamer.following", "code": "camera.lost",
 "msg": "stream cell-4: timeout (rtsp://cam4/main does not answer); next try in 4.2 s (9 more like it)", "more": 9}
```

* `code` stays within a major version, whatever the words are; `msg` may change. Count and search by `code`.
* The same line is told once, then at most once a second with the number that were held back (`more`). What was held
  back when a flood
  ends is told with the next such line.
* `err_type` and `trace` are there where an exception was. `code` is `library` for lines of others' code.
* Secrets are taken out of all of it. Times are UTC.
* `api.…` and `evidence.…` at level `info` are the record of who changed and who saw what.

What to do about what you see: [by symptom](troubleshooting.md).

`scripts/logs_page.py` writes this page from the code; a test shows that every line has a code and every code a
line. `%s` stands for
what is put in.
"""


def whole() -> str:
    """The text of the file."""
    levels: dict[str, set[str]] = {}
    for _, level, text in lines():
        levels.setdefault(text, set()).add(level)
    areas: dict[str, list[str]] = {}
    for text, code in sorted(CODES.items(), key=lambda item: item[1]):
        shown = " ".join(text.split()).replace("|", "\\|")
        row = f"| `{code}` | {', '.join(sorted(levels.get(text, ())))} | `{shown}` |"
        areas.setdefault(code.partition(".")[0], []).append(row)
    parts = [HEADER]
    for area, rows in areas.items():
        parts += [f"## {area}", "", "| code | level | line |", "|---|---|---|", *rows, ""]
    return "\n".join(parts)


if __name__ == "__main__":
    OUT.write_text(whole(), encoding="utf-8")
