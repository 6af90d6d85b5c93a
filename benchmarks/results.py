"""What was measured so far, on disk: a benchmark that was killed goes on where it stood."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


class Results:
    """Measured values by name and by what they were measured with; another setting is measured anew."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    def of(self, name: str, setting: Mapping[str, Any], measure: Callable[[], Any]) -> Any:
        """The kept value, or a new one, which is kept."""
        said = json.loads(json.dumps(setting))
        kept = self._kept.get(name)
        if kept is None or kept["setting"] != said:
            kept = {"setting": said, "value": json.loads(json.dumps(measure()))}
            self._kept[name] = kept
            self._file.parent.mkdir(parents=True, exist_ok=True)
            part = self._file.with_suffix(".part")
            part.write_text(json.dumps(self._kept), encoding="utf-8")
            part.replace(self._file)
        return kept["value"]
