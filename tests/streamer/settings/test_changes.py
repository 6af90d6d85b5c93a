"""What is different between two configurations, and streams that no file holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.errors import ConfigError
from streamer.settings import Settings, compare, load, procedures_of, settings_of, with_secrets, with_stream
from streamer.settings.joining import check_again, plain
from tests.streamer.settings.files import VALID, read

ROOT = Path(__file__).parents[3]
WATCH = {"id": "bench", "recognizer": "cell"}


def of(streams: dict[str, int], recognizers: dict[str, int] | None = None, grace_s: float = 10.0) -> Settings:
    """Each stream at a port of its own, with a recognizer that averages so many clips."""
    return settings_of(
        {
            "recognizers": {name: {"average_clips": count} for name, count in (recognizers or {"cell": 1}).items()},
            "streams": [
                {
                    "id": name,
                    "source": {"kind": "rtsp", "url": f"rtsp://cam:{port}/"},
                    "watches": [WATCH | {"recognizer": "cell" if port < 100 else "other"}],
                }
                for name, port in streams.items()
            ],
            "shutdown": {"grace_s": grace_s},
        }
    )


PORTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 3), min_size=1)


@given(before=PORTS, after=PORTS)
def test_every_stream_has_one_fate(before: dict[str, int], after: dict[str, int]) -> None:
    changes = compare(of(before), of(after))
    assert set(changes.added) == after.keys() - before.keys()
    assert set(changes.removed) == before.keys() - after.keys()
    assert set(changes.unchanged) == {name for name in after if before.get(name) == after[name]}
    assert sorted((*changes.added, *changes.changed, *changes.unchanged)) == sorted(after)
    assert changes.later == ()
    assert compare(of(before), of(before)).touches_any is False


def test_a_recognizer_that_changed_concerns_those_who_use_it() -> None:
    before = of({"a": 1, "b": 100}, {"cell": 1, "other": 1})
    changes = compare(before, of({"a": 1, "b": 100}, {"cell": 1, "other": 2}))
    assert (changes.changed, changes.unchanged) == (("b",), ("a",))


def test_what_cannot_be_changed_while_the_service_runs_is_named() -> None:
    assert compare(of({"a": 1}), of({"a": 2}, grace_s=3)).later == ("shutdown",)


def test_a_procedure_that_says_something_else_concerns_those_who_follow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    settings = load(Path("config/examples/procedure.yaml"), {})
    (named,) = procedures_of(settings)
    assert named.is_file()
    assert compare(settings, settings, [named]).changed == (settings.streams[0].id,)
    assert compare(settings, settings, [Path("other")]).changed == ()


@pytest.mark.parametrize("file", sorted((ROOT / "config/examples").glob("*.yaml")), ids=lambda file: file.stem)
def test_settings_say_themselves(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told of them makes the same settings again, whatever they hold."""
    monkeypatch.chdir(ROOT)
    settings = load(file, {})
    check_again(settings, file.parent, {})
    assert Settings.model_validate(plain(settings)) == settings


def test_a_stream_is_joined_as_if_it_stood_in_the_file(tmp_path: Path) -> None:
    settings = read(tmp_path, VALID)
    section = {"id": "cell-5", "source": {"kind": "rtsp", "url": "rtsp://me:C4N4RY@cam5/"}, "watches": [WATCH]}
    joined = with_stream(settings, section, tmp_path, {})
    assert [stream.id for stream in joined.streams] == ["cell-4", "cell-5"]
    assert joined == read(
        tmp_path,
        VALID
        + "  - id: cell-5\n    source: {kind: rtsp, url: 'rtsp://me:C4N4RY@cam5/'}\n"
        + "    watches: [{id: bench, recognizer: cell}]\n",
    )
    again = with_stream(joined, section | {"blur": "surroundings"}, tmp_path, {})
    assert [stream.blur for stream in again.streams] == ["none", "surroundings"]
    with pytest.raises(ConfigError) as caught:
        with_stream(settings, section | {"watches": [WATCH, WATCH]}, tmp_path, {})
    assert caught.value.problems == ("watches.1.id: is used already; ids are unique",)
    with pytest.raises(ConfigError, match="must be a mapping"):
        with_stream(settings, ["cell-5"], tmp_path, {})  # type: ignore[arg-type]


def test_what_is_hidden_stays_as_it_was_but_not_beside_another_address(tmp_path: Path) -> None:
    url, there, hidden, token = "rtsp://me:C4N4RY@cam5/", "http://there/whep", "*" * 10, "C4N4RY-0123456789"
    sources = {"cam": {"kind": "rtsp", "url": url}, "peer": {"kind": "whep", "url": there, "token": token}}
    settings = read(tmp_path, VALID)
    for name, source in sources.items():
        settings = with_stream(settings, {"id": name, "source": source, "watches": [WATCH]}, tmp_path, {})

    def became(name: str, **source: str) -> object:
        return with_secrets(settings, {"id": name, "source": source})["source"]

    udp = {"kind": "rtsp", "transport": "udp"}
    assert became("cam", url=hidden, **udp) == {"url": url, **udp}
    assert became("peer", kind="whep", url=hidden, token=hidden) == sources["peer"]
    assert became("peer", kind="whep", url=there, token=hidden) == sources["peer"]
    for other in ({"kind": "whep", "url": "http://elsewhere/", "token": hidden}, {"kind": "rtsp", "url": hidden}):
        assert became("peer", **other) == other
    assert with_secrets(settings, {"id": "nobody", "source": udp}) == {"id": "nobody", "source": udp}
