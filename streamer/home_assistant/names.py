"""Ids for Home Assistant, and texts within its templates. Pure."""

from __future__ import annotations

import json
import re
from hashlib import sha256


def slug(text: str) -> str:
    """Letters, digits, hyphens and underscores, as ids of Home Assistant allow; two texts never share one."""
    plain = re.sub(r"[^a-zA-Z0-9-]+", "_", text).strip("_")[:40]
    return plain if plain == text else f"{plain}_{sha256(text.encode()).hexdigest()[:8]}"


def quoted(text: str) -> str:
    """A string literal of Jinja."""
    # Jinja reads escapes as Python does: those of JSON are among them, save for pairs of surrogates.
    return json.dumps(text, ensure_ascii=False)
