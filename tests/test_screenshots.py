"""Pictures of the page that the documents show."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "screenshots.py"))
PICTURES = sorted((ROOT / "docs/images/page").iterdir())


def test_every_view_is_there_as_desktop_and_phone_have_it_dark_and_light() -> None:
    forms = [f"{device}-{scheme}" for device in SCRIPT["DEVICES"] for scheme in ("dark", "light")]
    assert [one.name for one in PICTURES] == sorted(f"{view}-{form}.webp" for view in SCRIPT["VIEWS"] for form in forms)


def test_together_they_are_small() -> None:
    assert sum(one.stat().st_size for one in PICTURES) <= SCRIPT["MOST_BYTES"]
    assert all(one.read_bytes()[8:12] == b"WEBP" for one in PICTURES)
