"""Logs for people (text, in colour on a terminal) and machines (one JSON object a line); never with a secret."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import quote

from streamer.log_codes import code_of

HIDDEN = "***"
CODE, MORE = "takt_code", "takt_more"
"""What a record is given where its text is no longer the one that its code goes by."""
_COLOURS = {"WARNING": "\033[33m", "ERROR": "\033[31m", "CRITICAL": "\033[31m"}


class _Formatter(logging.Formatter):
    """Formats a record, then takes every known secret out of the whole text, tracebacks included."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        self._secrets: list[str] = []
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """These are secrets too."""
        forms = {form for secret in secrets if secret for form in (secret, quote(secret), quote(secret, safe=""))}
        # The longest first: a password that contains another must not leave its rest behind.
        self._secrets = sorted({*self._secrets, *forms}, key=len, reverse=True)

    def hide(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


class TextFormatter(_Formatter):
    def __init__(self, secrets: Iterable[str], colour: bool) -> None:
        super().__init__(secrets)
        self._colour = colour

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        text = self.hide(f"{at} {record.levelname.lower():7} {record.getMessage()}")
        colour = _COLOURS.get(record.levelname) if self._colour else None
        if colour is not None:
            text = f"{colour}{text}\033[0m"
        if record.exc_info:
            text += "\n" + self.hide(self.formatException(record.exc_info))
        return text


class JsonFormatter(_Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        more = getattr(record, MORE, 0)
        line: dict[str, object] = {
            "ts": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "code": getattr(record, CODE, None) or code_of(record.name, record.msg),
            "msg": self.hide(record.getMessage()),
        }
        if more:
            line["more"] = more
        if record.exc_info and record.exc_info[0] is not None:
            line["err_type"] = record.exc_info[0].__name__
            line["trace"] = self.hide("".join(traceback.format_exception(*record.exc_info)))
        return json.dumps(line)


class Sums(logging.Filter):
    """Lets the first of a repeated line through and then one a second, with the number of those held back."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[tuple[str, int, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        line = (record.name, record.lineno, record.getMessage())
        last, held = self._seen.get(line, (-1.0, 0))
        if record.created - last < 1.0:
            self._seen[line] = (last, held + 1)
            return False
        if held:
            setattr(record, CODE, code_of(record.name, record.msg))
            setattr(record, MORE, held)
            record.msg, record.args = f"{record.getMessage()} ({held} more like it)", ()
        if len(self._seen) > 1000:
            self._seen.clear()
        self._seen[line] = (record.created, 0)
        return True


def configure(level: str, form: Literal["text", "json"], secrets: Iterable[str]) -> None:
    """Log to standard error; standard output belongs to results."""
    handler = logging.StreamHandler(sys.stderr)
    colour = sys.stderr.isatty()
    handler.setFormatter(JsonFormatter(secrets) if form == "json" else TextFormatter(secrets, colour))
    handler.addFilter(Sums())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def also_hide(secrets: Iterable[str]) -> None:
    """More of them, while the service runs."""
    told = list(secrets)
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, _Formatter):
            handler.formatter.learn(told)
