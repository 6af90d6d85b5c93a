"""What names a network for good: a digest of its weights, wherever they lie and whatever the file is called."""

from __future__ import annotations

import hashlib
from pathlib import Path

from recognizers.card import checkpoint_path
from recognizers.errors import CheckpointMismatch

DIGITS = 12


def identity(checkpoint: str | Path) -> str:
    """The first 12 hexadecimal digits of the SHA-256 of a checkpoint; of a folder, of its settings and weights.

    A model of the hub that is named by its revision is that name.

    Raises:
        CheckpointMismatch: the file cannot be read.
    """
    if str(checkpoint).startswith("hub:"):
        return hashlib.sha256(str(checkpoint).encode()).hexdigest()[:DIGITS]
    path = checkpoint_path(checkpoint)
    try:
        files = [path] if path.is_file() else sorted([*path.glob("*.json"), *path.glob("*.safetensors")])
        digests = [_digest(file) for file in files]
    except OSError as error:
        raise CheckpointMismatch(f"cannot read the checkpoint {path}: {error.strerror}; check the path") from error
    if not digests:
        raise CheckpointMismatch(f"there is no checkpoint at {path}; check the path")
    whole = digests[0] if path.is_file() else hashlib.sha256("".join(digests).encode()).hexdigest()
    return whole[:DIGITS]


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
