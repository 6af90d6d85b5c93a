"""No secret in any line; a flood is a line a second."""

from __future__ import annotations

import json
import logging
import re

from streamer.log_codes import CODES
from streamer.logs import JsonFormatter, Sums, TextFormatter
from tests.log_lines import lines

SECRET = "CANARY-7f3/%"


def record(message: str, created: float = 0.0) -> logging.LogRecord:
    line = logging.LogRecord("streamer.x", logging.WARNING, "x.py", 1, message, (), None)
    line.created = created
    return line


def test_a_secret_is_hidden_plain_and_url_encoded() -> None:
    formatter = TextFormatter([SECRET], colour=False)

    for form in (SECRET, "CANARY-7f3/%25", "CANARY-7f3%2F%25"):
        assert "CANARY" not in formatter.format(record(f"rtsp://cam:{form}@host failed"))


def test_a_secret_is_hidden_in_a_traceback() -> None:
    line = record("failed")
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        line.exc_info = (ValueError, error, error.__traceback__)

    assert "CANARY" not in TextFormatter([SECRET], colour=False).format(line)
    assert "CANARY" not in JsonFormatter([SECRET]).format(line)


def test_json_lines_are_json() -> None:
    line = json.loads(JsonFormatter([]).format(record('a "quoted" line\nof two')))

    assert line["msg"] == 'a "quoted" line\nof two'
    assert line["level"] == "warning"


def test_a_flood_of_one_line_is_summed_each_second() -> None:
    sums = Sums()
    passed = []
    for n in range(25):
        line = record("camera lost", created=n * 0.1)
        if sums.filter(line):
            passed.append(line.getMessage())

    assert passed == ["camera lost", "camera lost (9 more like it)", "camera lost (9 more like it)"]


def test_a_line_for_machines_keeps_its_code_when_it_is_summed() -> None:
    sums = Sums()
    told = []
    for n in range(15):
        line = record("stream %s: %s (%s); next try in %.1f s", created=n * 0.1)
        line.args = ("cell-4", "auth", "401", 30.0)
        if sums.filter(line):
            told.append(json.loads(JsonFormatter([]).format(line)))

    assert [one["code"] for one in told] == ["camera.lost", "camera.lost"]
    assert [one.get("more") for one in told] == [None, 9]


def test_lines_of_libraries_are_told_apart_from_ours() -> None:
    line = record("%s")
    line.name, line.args = "asyncio", ("a task was never awaited",)

    assert json.loads(JsonFormatter([]).format(line))["code"] == "library"


def test_every_line_that_is_logged_has_a_code_and_every_code_a_line() -> None:
    """Give a new line a code in streamer/log_codes.py; when only its words change, keep the code."""
    said = {text for _, _, text in lines()}
    assert said == set(CODES)
    assert all(re.fullmatch(r"[a-z_]+\.[a-z_]+", code) for code in CODES.values())


def test_different_lines_do_not_hold_each_other_back() -> None:
    sums = Sums()

    assert all(sums.filter(record(f"camera {n} lost")) for n in range(5))
