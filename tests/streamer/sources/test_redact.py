"""No secret survives redaction, however people write addresses."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.errors import SourceRejected
from streamer.sources.address import Address
from streamer.sources.redact import redact, with_credentials


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://cam/main", "rtsp://cam/main"),
        ("rtsp://u:secret@cam:554/main", "rtsp://***@cam:554/main"),
        ("rtsp://u:se@cr/et@cam/main", "rtsp://***@cam/main"),
        ("rtsp://u:secret#1@cam/main", "rtsp://***@cam/main"),
        ("rtsp://u:sec?ret@cam/main", "rtsp://***@cam/main"),
        ("http://cam/x?user=a&pwd=secret", "http://cam/x?***"),
        ("rtsp://cam:554/user=admin_password=secret_channel=1.sdp?real_stream", "rtsp://cam:554/***?***"),
        ("rtsp://cam/user=admin&PWD=secret&stream=0", "rtsp://cam/***"),
        ("rtsp://cam/passage/1", "rtsp://cam/passage/1"),
        ("http://cam/x#token=secret", "http://cam/x?***"),
        ("rtsp://secret@[::1]:554/x", "rtsp://***@[::1]:554/x"),
        ("/data/films/a.mp4", "a.mp4"),
    ],
)
def test_addresses_are_shown_without_secrets(url: str, shown: str) -> None:
    assert redact(url) == shown


@given(st.text(min_size=1))
def test_no_login_is_ever_shown(rest: str) -> None:
    assert "C4N4RY" not in redact(f"rtsp://user:C4N4RY{rest}@cam/main")


def test_an_address_prints_without_its_url() -> None:
    assert "secret" not in repr(Address("rtsp://u:secret@cam/"))


@pytest.mark.parametrize("password", ["plain", "p@ss:w/ord#?%41", "ünï"])
def test_credentials_are_merged_quoted(tmp_path: Path, password: str) -> None:
    file = tmp_path / "login"
    file.write_text(f"cam:{password}\n", encoding="utf-8")
    parts = urlsplit(with_credentials("rtsp://old:login@host:554/main", file))
    assert (parts.username, unquote(parts.password or ""), parts.hostname) == ("cam", password, "host")


@pytest.mark.parametrize("content", [None, "", "no colon", ":nobody"])
def test_useless_credentials_are_rejected(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "login"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SourceRejected) as caught:
        with_credentials("rtsp://host/main", file)
    assert caught.value.reason == "auth"
    assert not content or content not in str(caught.value)
