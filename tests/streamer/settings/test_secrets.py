"""A secret is shown by nothing: no message, no traceback, no `repr`, whatever the mistake beside it."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from streamer.errors import ConfigError
from streamer.settings import secrets, settings_of
from tests.streamer.settings.files import VALID, read

WORD = "hunter2hunter2"
CAMERA = '"rtsp://cam4/main"'


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (CAMERA, f"http://me:{WORD}@cam4/main"),
        (CAMERA, f"rtsp://me:{WORD}"),
        (CAMERA, f"rtsp://me:{WORD}@cam4:{WORD}/main"),
        (f"url: {CAMERA}", f"rtsp://me:{WORD}@cam4/main"),
        (f"url: {CAMERA}", f"url: {CAMERA}, url: rtsp://me:{WORD}@cam4/main"),
        (f"url: {CAMERA}", f"address: rtsp://me:{WORD}@cam4/main"),
        ("{kind: rtsp, ", f"{{kind: rtsp://me:{WORD}@cam4/main, "),
        ("source: {", f"source: [rtsp://me:{WORD}@cam4/main], other: {{"),
        ("bench,", f"'{WORD} ',"),
        ("streams:", f"mqtt: {{url: 'mqtt://me:{WORD}@broker'}}\nstreams:"),
        ("streams:", f"mqtt: {{password: [{WORD}]}}\nstreams:"),
        ("streams:", f"mqtt: {{password: *{WORD}}}\nstreams:"),
        ("streams:", f"mqtt: {{password: &{WORD} a, username: &{WORD} b}}\nstreams:"),
        ("streams:", f"mqtt: {{password: !{WORD} a}}\nstreams:"),
        ("streams:", f"mqtt: {{password: !!int {WORD}}}\nstreams:"),
        ("streams:", f"mqtt: {{password: %{WORD}: {WORD}}}\nstreams:"),
        ("streams:", f"mqtt: {{password: '{WORD}\nstreams:"),
        ("streams:", f"? [{WORD}]\n: a\nstreams:"),
        ("streams:", f"mqtt: {{password: {WORD}, password_file: nowhere}}\nstreams:"),
        ("streams:", 'mqtt: {url: "mqtt://${WORD}"}\nstreams:'),
        ("streams:", 'http: {port: "${WORD}", host: "${WORD}\\n"}\nstreams:'),
    ],
)
def test_no_mistake_shows_a_secret(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, VALID.replace(right, wrong, 1), {"WORD": f"me:{WORD}@x"})
    assert WORD not in "".join(traceback.format_exception(caught.value))
    assert WORD not in repr(caught.value.problems)


def test_no_mistake_of_the_demo_shows_a_secret() -> None:
    values = {"mqtt": {"url": f"mqtt://me:{WORD}@broker"}, "http": {"port": WORD}}
    with pytest.raises(ConfigError) as caught:
        settings_of(values)
    assert WORD not in "".join(traceback.format_exception(caught.value))
    assert "mqtt.url: must not hold a password; use username and password_file" in caught.value.problems


def test_settings_show_no_secret_and_know_them_all(tmp_path: Path) -> None:
    (tmp_path / "login").write_text("me:third:word\n")
    (tmp_path / "word").write_text("fourth\n")
    text = VALID.replace(CAMERA, "'rtsp://me:fir%40st@cam4/main?token=second'")
    text += f"""\
  - id: b
    source: {{kind: http, url: "http://b/", credentials_file: {tmp_path}/login}}
    watches: &w [{{id: a, recognizer: cell}}]
  - {{id: c, source: {{kind: file, path: {tmp_path}/word}}, watches: *w}}
mqtt: {{password_file: {tmp_path}/word}}
"""
    settings = read(tmp_path, text)
    assert not [word for word in ("fir", "second", "third", "fourth") if word in repr(settings) + str(settings)]
    assert "second" not in settings.model_dump_json()
    assert secrets(settings) == ["fourth", "fir%40st", "fir@st", "third:word"]


def test_a_secret_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    login = tmp_path / "login"
    login.write_bytes(b"\xff")
    source = f'{CAMERA}, credentials_file: "{login}"'
    settings = read(tmp_path, VALID.replace(CAMERA, source) + f"mqtt: {{password_file: {login}}}\n")
    assert secrets(settings) == []
