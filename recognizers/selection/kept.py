"""What came of a candidate, beside its checkpoint: who starts a selection again need not wait for it twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from recognizers.errors import NotWritten
from recognizers.files import opened, write_whole
from recognizers.selection.choice import Outcome


def kept_outcome(path: Path, sections: Mapping[str, Any]) -> Outcome | None:
    """Of a candidate that was tried with the very same sections of a training file; None where that is not known, or
    its checkpoint is gone."""
    try:
        with opened(path) as file:
            held = json.load(file)
        outcome = Outcome(**held["outcome"]) if held["of"] == _of(sections) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return outcome if outcome is not None and Path(outcome.checkpoint).is_file() else None


def keep_outcome(path: Path, sections: Mapping[str, Any], outcome: Outcome) -> None:
    """Raises NotWritten where the disk does not take it."""
    try:
        write_whole(path, json.dumps({"of": _of(sections), "outcome": asdict(outcome)}).encode())
    except OSError as error:
        raise NotWritten(f"{path} cannot be written: {error.strerror}") from error


def _of(sections: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(sections, sort_keys=True, default=str).encode()).hexdigest()
