"""What a configuration says of pictures of events becomes rules, memory and addresses."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamer.clock import SystemClock
from streamer.errors import ConfigError
from streamer.evidence.rules import EvidenceRule
from streamer.evidence.site import PREFIX
from streamer.keeping import (
    build_darkroom,
    build_keeper,
    build_redactors,
    evidence_of,
    privacy_of,
)
from streamer.metrics import Metrics
from streamer.premises import addresses, build_shelf, build_sites, reachable
from streamer.settings import Settings
from tests.streamer.settings.files import VALID, mistakes, read

WATCH = "      - {id: bench, recognizer: cell}\n"
LONG = "token: 0123456789abcdef"


def settings(folder: Path, defaults: str = "", watch: str = "") -> Settings:
    text = VALID.replace(WATCH, WATCH.replace("}", f", evidence: {{{watch}}}}}")) if watch else VALID
    return read(folder, f"{text}data_dir: {folder / 'data'}\nevidence: {{{defaults}}}\n")


def rule(folder: Path, defaults: str = "", watch: str = "") -> EvidenceRule:
    loaded = settings(folder, defaults, watch)
    return evidence_of(loaded.streams[0], loaded.evidence).rules["bench"]


def test_nothing_is_kept_unless_somebody_says_so(tmp_path: Path) -> None:
    loaded = settings(tmp_path)
    assert not rule(tmp_path).keeps_any
    shelf = build_shelf(loaded, SystemClock(), Metrics())
    keeper = build_keeper(loaded, shelf, build_darkroom(loaded), "http://x", SystemClock(), Metrics())
    assert keeper.tap("cell-4") is None
    assert not loaded.evidence_folder.exists()


def test_a_watch_says_it_for_itself_and_the_service_for_all_others(tmp_path: Path) -> None:
    assert rule(tmp_path, "actions: [all], before_s: 2").before_s == 2.0
    own = rule(tmp_path, "actions: [all], before_s: 2, after_s: 3", "actions: [loosen], before_s: 4")
    assert (own.actions, own.before_s, own.after_s) == (frozenset({"loosen"}), 4.0, 3.0)
    assert not rule(tmp_path, "actions: [all]", "actions: []").keeps_any
    assert rule(tmp_path, "verdicts: [missed, overtime]").verdicts == {"missed", "overtime"}


def test_as_much_memory_as_was_said(tmp_path: Path) -> None:
    loaded = settings(tmp_path, "actions: [all], memory_mib: 3")
    assert evidence_of(loaded.streams[0], loaded.evidence).ring.max_bytes == 3 << 20


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("evidence: {actions: [tigthen]}", "did you mean tighten?"),
        ("evidence: {actions: some}", "evidence.actions: must be a list"),
        ("evidence: {verdicts: [wrong]}", "evidence.verdicts.0: must be"),
        ("evidence: {url: 'ftp://x'}", "must be http://host[:port]/path or https://"),
        ("evidence: {url: 'http://me:secret@x'}", "must not hold a password"),
        ("evidence: {token: short}", "at least 16 characters"),
        (f"evidence: {{{LONG}, token_file: cell.yaml}}", "not both"),
        ("evidence: {token_file: /nowhere}", "no such file"),
        ("evidence: {actions: [7]}", "evidence.actions.0: must be text"),
        ("evidence: {hours: 0}", "evidence.hours"),
        ("http: {host: 0.0.0.0}\nevidence: {actions: [all]}", "give evidence.token_file"),
    ],
)
def test_what_cannot_be_meant_is_told(tmp_path: Path, text: str, mistake: str) -> None:
    found = mistakes(tmp_path, f"{VALID}{text}\n")
    assert any(mistake in one for one in found), found
    assert not any("secret" in one for one in found)


def test_an_action_of_a_watch_must_be_known(tmp_path: Path) -> None:
    text = VALID.replace(WATCH, WATCH.replace("}", ", evidence: {actions: [tigthen]}}"))
    assert any("knows no such action; did you mean tighten?" in one for one in mistakes(tmp_path, text))
    wrong = text.replace("[tigthen]", "[7]")
    assert any("watches.0.evidence.actions.0: must be text" in one for one in mistakes(tmp_path, wrong))


@pytest.mark.parametrize("more", [LONG, "serve: false"])
def test_pictures_are_not_shown_to_everybody(tmp_path: Path, more: str) -> None:
    loaded = read(tmp_path, f"{VALID}http: {{host: 0.0.0.0}}\nevidence: {{actions: [all], {more}}}\n")
    shelf = build_shelf(loaded, SystemClock(), Metrics())
    assert set(build_sites(loaded, shelf, SystemClock())) == (set() if "serve" in more else {PREFIX})


def test_a_token_file_must_hold_one(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("short\n")
    loaded = settings(tmp_path, f"token_file: {tmp_path / 'token'}")
    shelf = build_shelf(loaded, SystemClock(), Metrics())
    with pytest.raises(ConfigError, match="at least 16"):
        build_sites(loaded, shelf, SystemClock())


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    loaded = settings(tmp_path, f"folder: {tmp_path / 'cell.yaml'}")
    with pytest.raises(ConfigError, match=r"evidence\.folder"):
        build_shelf(loaded, SystemClock(), Metrics())


def test_an_address_is_one_that_others_can_ask() -> None:
    assert reachable("127.0.0.1") == "127.0.0.1"
    assert reachable("::1") == "[::1]"
    assert reachable("0.0.0.0") not in ("0.0.0.0", "")


def test_what_is_told_of_a_service_can_be_opened_by_others(tmp_path: Path) -> None:
    told, words = addresses(read(tmp_path, f"{VALID}http: {{host: 0.0.0.0}}\n"), 9464)
    base = f"http://{reachable('0.0.0.0')}:9464"
    assert told == {
        "page": f"{base}/", "api": f"{base}/api/v1", "metrics": f"{base}/metrics", "live": f"{base}/livez",
        "ready": f"{base}/readyz",
    }  # fmt: skip
    assert "publish" not in words
    assert all(str(told[name]) in words for name in ("page", "metrics", "live", "ready"))


def masked(folder: Path, more: str) -> Settings:
    text = VALID.replace("    watches:", f"    {more}\n    watches:")
    return read(folder, f"{text}evidence: {{actions: [all]}}\n")


def test_masks_are_rectangles_and_polygons(tmp_path: Path) -> None:
    loaded = masked(tmp_path, "masks: [[0.1, 0.2, 0.3, 0.4], [0, 0, 1, 0, 0.5, 1]]")
    assert privacy_of(loaded.streams[0]).masks == (
        ((0.1, 0.2), (0.3, 0.2), (0.3, 0.4), (0.1, 0.4)),
        ((0.0, 0.0), (1.0, 0.0), (0.5, 1.0)),
    )
    assert privacy_of(loaded.streams[0]).hides
    assert not privacy_of(masked(tmp_path, "blur: none").streams[0]).hides


@pytest.mark.parametrize("mask", ["0.1, 0.2, 0.3", "0.3, 0.2, 0.1, 0.4", "0, 0, 1, 0, 0.5", "0, 0, 1, 1, 0.5, 2", ""])
def test_what_is_no_mask_is_told(tmp_path: Path, mask: str) -> None:
    text = VALID.replace("    watches:", f"    masks: [[{mask}]]\n    watches:")
    (mistake,) = mistakes(tmp_path, text)
    assert "streams.0.masks" in mistake


def test_to_hide_people_something_must_find_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    text = VALID.replace("    watches:", "    blur: people\n    watches:")
    (mistake,) = mistakes(tmp_path, text)
    assert "takt models get fastestdet" in mistake
    (mistake,) = mistakes(tmp_path, f"{text}evidence: {{actor_model: {tmp_path / 'none.onnx'}}}\n")
    assert "no such file" in mistake


def test_a_file_that_finds_nobody_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "none.onnx").write_text("no network")
    text = VALID.replace("    watches:", "    blur: people\n    watches:")
    loaded = read(tmp_path, f"{text}evidence: {{actor_model: {tmp_path / 'none.onnx'}}}\n")
    with pytest.raises(ConfigError, match="is no ONNX model"):
        build_redactors(loaded)
