"""No secret in any line; a flood is a line a second."""

from __future__ import annotations

import json
import logging

from streamer.logs import JsonFormatter, Sums, TextFormatter

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


def test_different_lines_do_not_hold_each_other_back() -> None:
    sums = Sums()

    assert all(sums.filter(record(f"camera {n} lost")) for n in range(5))
