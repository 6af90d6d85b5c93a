"""From settings to publishers and servers that are asked: tokens, STUN and TURN, and what is not installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from streamer import peers
from streamer.clock import SystemClock
from streamer.errors import ConfigError
from streamer.metrics import Metrics
from streamer.peers import Peers, build_whip, ice_options, retry_of, stages_of, token_of
from streamer.plan import StreamPlan
from streamer.settings import Settings, checks, secrets
from streamer.settings.sources import WhepSource, WhipSource
from streamer.sources.base import Demand
from streamer.sources.whep import PulledSource
from streamer.sources.whip import PublishedSource
from tests.streamer.settings.files import VALID, mistakes, read

TOKEN = "C4N4RY-0123456789abcdef"
WHIP = VALID.replace('{kind: rtsp, url: "rtsp://cam4/main"}', "{kind: whip, TOKEN}")
WHEP = VALID.replace('{kind: rtsp, url: "rtsp://cam4/main"}', '{kind: whep, url: "https://media/cam/whep", TOKEN}')


def whip(folder: Path, token: str = f"token: {TOKEN}", more: str = "") -> Settings:
    return read(folder, WHIP.replace("TOKEN", token) + more)


def planned(settings: Settings) -> list[StreamPlan]:
    making = Peers(settings.webrtc, SystemClock(), Metrics())
    return [
        StreamPlan(one.id, making.source(one.id, one.source, Demand(()), None), (), Demand(()))  # type: ignore[arg-type]
        for one in settings.streams
    ]


def test_a_stream_is_published_to_with_its_token(tmp_path: Path) -> None:
    settings = whip(tmp_path)
    assert build_whip(settings, SystemClock()) is not None
    stages = stages_of(settings, planned(settings))
    assert isinstance(stages["cell-4"].source, PublishedSource)
    assert stages["cell-4"].token == TOKEN
    assert secrets(settings) == [TOKEN]
    assert TOKEN not in repr(settings)


def test_a_token_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    settings = whip(tmp_path, f"token_file: {file}")
    assert stages_of(settings, planned(settings))["cell-4"].token == TOKEN
    assert secrets(settings) == [TOKEN]
    for wrong, words in ((b"short", "at least 16 characters"), (b"\xff" * 20, "cannot be read")):
        file.write_bytes(wrong)
        with pytest.raises(ConfigError, match=words):
            stages_of(settings, planned(settings))


def test_a_stream_may_be_published_to_later_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert build_whip(read(tmp_path, VALID), SystemClock()) is not None
    monkeypatch.setattr(peers, "HAS_AIORTC", False)
    assert build_whip(read(tmp_path, VALID), SystemClock()) is None


@pytest.mark.parametrize(
    ("source", "more", "told"),
    [
        ("token: short", "", "5: streams.0.source.token: must have at least 16 characters"),
        (f"token: {TOKEN}, token_file: cell.yaml", "", "5: streams.0.source: give token or token_file, not both"),
        ("token_file: nowhere", "", "5: streams.0.source.token_file: no such file: nowhere"),
        ("max_pixels: 4", "http: {host: 0.0.0.0}\n", "streams: whoever reaches http.host could publish to cell-4"),
        ("max_pixels: 4", "webrtc: {ice_servers: [{url: 'http://x'}]}\n", "8: webrtc.ice_servers.0.url: must be stun:"),
        ("max_pixels: 4", "webrtc: {ice_servers: [{url: 'turn:x'}]}\n", "8: webrtc.ice_servers.0: TURN needs username"),
        ("max_pixels: 4", "webrtc: {origins: [shop.example]}\n", "8: webrtc.origins: must be http://host"),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, more: str, told: str) -> None:
    monkeypatch.chdir(tmp_path)
    (mistake,) = mistakes(tmp_path, WHIP.replace("TOKEN", source) + more)
    assert told in mistake
    assert TOKEN not in mistake


def test_publishers_are_told_of_servers_and_texts_are_quoted(tmp_path: Path) -> None:
    word = tmp_path / "word"
    word.write_text('C4N4RY"\\\n')
    servers = (
        "webrtc: {policy: relay, ice_servers: [{url: 'stun:s.example'}, "
        f"{{url: 'turn:t.example:3478?transport=udp', username: takt, password_file: {word}}}]}}\n"
    )
    settings = whip(tmp_path, more=servers)
    options = ice_options(settings.webrtc)
    assert (options.policy, [one.url for one in options.servers]) == (
        "relay",
        ["stun:s.example", "turn:t.example:3478?transport=udp"],
    )
    assert "C4N4RY" not in repr(options)
    assert 'C4N4RY"\\' in secrets(settings)
    site = build_whip(settings, SystemClock())
    assert site is not None
    assert site._links == (
        '<stun:s.example>; rel="ice-server"',
        '<turn:t.example:3478?transport=udp>; rel="ice-server"; username="takt"; credential="C4N4RY\\"\\\\"; '
        'credential-type="password"',
    )
    word.unlink()
    with pytest.raises(ConfigError, match=r"webrtc.ice_servers.1.password_file: cannot be read"):
        ice_options(settings.webrtc)


def test_a_server_is_asked_with_any_token_and_as_rarely_as_a_camera(tmp_path: Path) -> None:
    settings = read(tmp_path, WHEP.replace("TOKEN", "token: short"))
    (stream,) = settings.streams
    assert isinstance(stream.source, WhepSource)
    assert token_of(stream.id, stream.source) == "short"
    assert isinstance(planned(settings)[0].source, PulledSource)
    assert retry_of(stream.source) is None
    assert secrets(settings) == ["short"]


def test_publishers_are_not_made_to_wait(tmp_path: Path) -> None:
    (stream,) = whip(tmp_path).streams
    assert isinstance(stream.source, WhipSource)
    policy = retry_of(stream.source)
    assert policy is not None
    assert max(policy.cap_s, policy.rejected_cap_s) <= 5


def test_without_aiortc_it_is_said_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "HAS_AIORTC", False)
    with pytest.raises(ConfigError, match=r"cell-4: .*taktstream\[webrtc\]"):
        planned(whip(tmp_path))


def test_a_check_tells_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "find_spec", lambda module: None if module == "aiortc" else find_spec(module))
    (mistake,) = mistakes(tmp_path, WHIP.replace("TOKEN", f"token: {TOKEN}"))
    assert mistake.startswith("5: streams.0.source.kind: needs aiortc, which is not installed")
