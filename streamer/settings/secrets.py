"""Passwords and tokens: given in the file, or kept in a file of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, SecretStr

LEAST_TOKEN = 16
"""Characters of a token that others must know."""


def _long(token: SecretStr) -> SecretStr:
    if len(token.get_secret_value()) < LEAST_TOKEN:
        raise ValueError(f"must have at least {LEAST_TOKEN} characters, e.g. what `openssl rand -hex 16` prints")
    return token


LongToken = Annotated[SecretStr, AfterValidator(_long)]
"""What others must know to be served: nothing that can be guessed."""


def check_one(name: str, given: SecretStr | None, file: Path | None) -> None:
    """Raises ValueError where a secret of that name is given twice."""
    if given is not None and file is not None:
        raise ValueError(f"give {name} or {name}_file, not both")


def token_of(given: SecretStr | None, file: Path | None) -> str | None:
    """The token, wherever it is kept. Raises OSError or UnicodeDecodeError where the file cannot be read."""
    if file is not None:
        return file.read_text(encoding="utf-8").strip()
    return None if given is None else given.get_secret_value()


def password_of(given: SecretStr | None, file: Path | None) -> str | None:
    """Likewise; spaces belong to a password, the end of the line does not."""
    if file is not None:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    return None if given is None else given.get_secret_value()
