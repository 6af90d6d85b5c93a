"""Programs that check what we wrote."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def tool(name: str, *arguments: str | Path) -> None:
    """Run it; skip where it is missing. Fails with what it says."""
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is missing: `make test` installs it")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
