"""Sinks besides the broker: what is right, and what is told where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamer.settings import secrets
from tests.streamer.settings.files import VALID, mistakes, read

HOOK = '{kind: webhook, id: hook, url: "https://mes/CANARY"}'


def test_a_class_that_no_message_has_is_no_class_that_expires(tmp_path: Path) -> None:
    (mistake,) = mistakes(tmp_path, VALID + 'mqtt: {url: "mqtt://broker", expires_s: {steps: 5}}\n')
    assert mistake == "8: mqtt.expires_s.steps: must be 'action', 'step' or 'gap'"


@pytest.mark.parametrize(
    ("sinks", "told"),
    [
        ("{kind: jsonl, id: a, file: x}, {kind: jsonl, id: a, file: y}", "8: sinks.1.id: is used already in line 8"),
        ("{kind: jsonl, id: main, file: x}", "8: sinks.0.id: is what the broker is called"),
        (
            "{kind: jsonl, id: a, file: x, streams: [cell-5]}",
            "8: sinks.0.streams.0: is no stream; did you mean cell",
        ),
        ("{kind: jsonl, id: a, file: x, classes: [steps]}", "8: sinks.0.classes.0: must be 'action', 'step' or 'gap'"),
        ("{kind: jsonl, id: a}", "8: sinks.0.file: is missing"),
        ("{kind: kafka, id: a}", "8: sinks.0.kind: must be one of jsonl, webhook"),
        ('{kind: webhook, id: a, url: "ftp://mes/"}', "8: sinks.0.url: must be https://host[:port]/path or http://"),
        (
            '{kind: webhook, id: a, url: "https://me:CANARY@mes/"}',
            "8: sinks.0.url: must not hold a password",
        ),
        (
            '{kind: webhook, id: a, url: "http://mes/", batch: 0}',
            "8: sinks.0.batch: must be greater than or equal to 1",
        ),
        ('{kind: webhook, id: a, url: "http://mes/", token_file: nowhere}', "8: sinks.0.token_file: no such file"),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, sinks: str, told: str) -> None:
    (mistake,) = mistakes(tmp_path, f"{VALID}sinks: [{sinks}]\n")
    assert mistake.startswith(told)
    assert "CANARY" not in mistake


def test_two_sinks_do_not_write_to_one_file(tmp_path: Path) -> None:
    text = f"{VALID}sinks:\n  - {{kind: jsonl, id: a, file: x}}\n  - {{kind: jsonl, id: b, file: x}}\n"
    (mistake,) = mistakes(tmp_path, text)
    assert mistake.startswith("10: sinks.1.file: is written to by the sink in line 9 already")


def test_the_address_of_a_webhook_is_a_secret(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("second\n")
    hook = HOOK.replace("}", f", token_file: {tmp_path}/token, secret_file: {tmp_path}/token}}")
    settings = read(tmp_path, f"{VALID}sinks: [{hook}]\n")
    assert "CANARY" not in repr(settings) + settings.model_dump_json()
    assert secrets(settings) == ["https://mes/CANARY", "second", "second"]
