"""A section that came over the network may be anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from streamer.errors import ConfigError
from streamer.settings import with_secrets, with_stream
from streamer.settings.joining import HIDDEN
from tests.streamer.settings.files import VALID, read


def refused(folder: Path, section: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        with_stream(read(folder, VALID), section, folder, {})
    return "; ".join(caught.value.problems)


def section(**more: object) -> dict[str, Any]:
    watch = {"id": "bench", "recognizer": "cell"}
    return {"id": "dock", "source": {"kind": "rtsp", "url": "rtsp://cam/"}, "watches": [watch], **more}


@pytest.mark.parametrize("sign", ["\n", "\0", "\u2028", "\ufeff"])
def test_what_no_file_may_say_is_not_taken_to_be_kept_in_one(tmp_path: Path, sign: str) -> None:
    url = f"rtsp://cam/{sign}"
    assert "source.url: holds a line break or another sign" in refused(
        tmp_path, section(source={"kind": "rtsp", "url": url})
    )
    assert "holds a line break or another sign" in refused(tmp_path, section(**{f"place{sign}": {}}))


@pytest.mark.parametrize("name", [["a"], {"a": 1}, 1, None])
def test_a_name_is_text(tmp_path: Path, name: object) -> None:
    assert refused(tmp_path, section(id=name)).startswith("id: ")


@pytest.mark.parametrize("name", [["cell"], {"cell": 1}])
def test_a_recognizer_of_a_watch_that_follows_work_is_named_by_a_text(tmp_path: Path, name: object) -> None:
    (tmp_path / "work.yaml").write_text("procedure: {}")
    watch = {"id": "bench", "recognizer": name, "procedure": "work.yaml"}
    assert "watches.0.recognizer: must be text" in refused(tmp_path, section(watches=[watch]))


def test_sections_are_left_as_they_were_given(tmp_path: Path) -> None:
    given = section()
    before = repr(given)
    with_stream(read(tmp_path, VALID), given, tmp_path, {})
    assert repr(given) == before


@pytest.mark.parametrize(("scheme", "is_told"), [("rtsps", True), ("rtsp", False)])
def test_who_hides_an_address_does_not_send_it_to_whoever_answers(tmp_path: Path, scheme: str, is_told: bool) -> None:
    url = f"{scheme}://me:C4N4RY@cam/"
    settings = with_stream(read(tmp_path, VALID), section(source={"kind": "rtsp", "url": url}), tmp_path, {})
    hidden = {"kind": "rtsp", "url": HIDDEN, "tls_verify": False}
    if is_told:
        with pytest.raises(ConfigError, match="tls_verify: where it is switched off"):
            with_secrets(settings, section(source=hidden))
    else:
        assert with_secrets(settings, section(source=hidden))["source"]["url"] == url
    assert with_secrets(settings, section(source={**hidden, "tls_verify": True}))["source"]["url"] == url
    assert with_secrets(settings, section(source={**hidden, "url": url}))["source"]["url"] == url
