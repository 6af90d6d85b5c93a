"""What YAML can do to a configuration, and what is left of it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from streamer.errors import ConfigError
from streamer.settings import load
from streamer.settings.reading import MOST_CHARACTERS
from tests.streamer.settings.files import VALID, mistakes, read

TOO_MUCH = "1: configuration: is nested too deeply, or says too much by aliases; write it out"


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n- b\n", "words", "!!set {a, b}"])
def test_what_is_no_mapping_is_no_configuration(tmp_path: Path, text: str) -> None:
    assert mistakes(tmp_path, text)[0].startswith(
        ("1: configuration: must be a mapping", "1: configuration: has a tag")
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "a: b: c\n",
            "1: configuration: is not YAML (mapping values are not allowed here); check indentation and quotes",
        ),
        ("a: 1\nb: [\n", "3: configuration: is not YAML (while parsing a flow node, expected the node content"),
        ("a: 1\n\tb: 2\n", "2: configuration: is not YAML (while scanning for the next token, found character that"),
        (
            "a: 'open\n",
            "2: configuration: is not YAML (while scanning a quoted scalar, found unexpected end of stream)",
        ),
        ("a: 1\n---\nb: 1\n", "2: configuration: is not YAML (expected a single document in the stream, but found"),
        ("a: 1\nb: \x07\n", "2: configuration: holds a character that YAML does not allow; take it out"),
        ("a: *nowhere\n", "1: configuration: is not YAML (found undefined alias); check indentation and quotes"),
    ],
)
def test_broken_yaml_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    (mistake,) = mistakes(tmp_path, text)
    assert mistake.startswith(told)


def test_what_is_longer_than_any_configuration_is_not_read_to_its_end(tmp_path: Path) -> None:
    (told,) = mistakes(tmp_path, "#" * (MOST_CHARACTERS + 1))
    assert told.startswith("1: configuration: is longer than 4 MiB")
    with pytest.raises(ConfigError, match="is longer than 4 MiB"):
        load(Path("/dev/zero"), {})


def test_a_key_given_twice_is_a_mistake(tmp_path: Path) -> None:
    assert mistakes(tmp_path, VALID + "http: {port: 1}\nlog: {}\nhttp: {port: 2, port: 3}\n") == [
        "10: http: is given twice (first in line 8); keep one"
    ]


@pytest.mark.parametrize("key", ["? [a, b]\n: c\n", "? {a: b}\n: c\n", '"a\\0b": c\n'])
def test_keys_are_words(tmp_path: Path, key: str) -> None:
    assert mistakes(tmp_path, key + VALID) == ["1: configuration: has a key that is no word; keys are words"]


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.system [touch pwned]",
        "!!python/name:os.system x",
        "!!set {a}",
        "!!binary aGk=",
        "!x y",
    ],
)
def test_tags_mean_nothing_and_run_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.chdir(tmp_path)
    (mistake,) = mistakes(tmp_path, VALID + f"data_dir: {value}\n")
    assert mistake.startswith("8: data_dir: has a tag (!…), which means nothing here")
    assert not Path("pwned").exists()


def test_what_yaml_takes_for_a_date_is_text(tmp_path: Path) -> None:
    assert str(read(tmp_path, VALID + "data_dir: 2026-11-24\n").data_dir) == "2026-11-24"


def test_on_and_off_as_keys_are_words(tmp_path: Path) -> None:
    settings = read(tmp_path, VALID.replace("cell}", "cell, events: {tighten: {on: 0.7, off: 0.3}}}"))
    rule = settings.streams[0].watches[0].events["tighten"]
    assert (rule.on, rule.off) == (0.7, 0.3)


def test_anchors_and_merges_save_writing(tmp_path: Path) -> None:
    """A key beside `<<` wins over a merged one, and of several merged ones the first."""
    text = """\
recognizers:
  cell: {checkpoint: CHECKPOINT}
streams:
  - id: one
    source: &camera {kind: rtsp, url: "rtsp://one/main", transport: udp, open_timeout_s: 2}
    watches: &watches
      - {id: bench, recognizer: cell}
  - id: two
    source: {<<: *camera, url: "rtsp://two/main"}
    watches: *watches
  - id: three
    source: {url: "rtsp://three/main", <<: [{open_timeout_s: 3}, *camera]}
    watches: *watches
"""
    one, two, three = read(tmp_path, text).streams
    assert [str(stream.source.url.get_secret_value()) for stream in (one, two, three)] == [  # type: ignore[union-attr]
        f"rtsp://{name}/main" for name in ("one", "two", "three")
    ]
    assert [stream.source.open_timeout_s for stream in (one, two, three)] == [2, 2, 3]  # type: ignore[union-attr]
    assert one.watches == two.watches == three.watches


def test_a_merge_of_something_else_is_a_mistake(tmp_path: Path) -> None:
    assert mistakes(tmp_path, VALID.replace("kind: rtsp", "<<: 5, kind: rtsp")) == [
        "5: streams.0.source: `<<` must merge an alias (*name) of a mapping"
    ]


def bomb(first: str, again: str) -> str:
    """Nine levels of ten: a billion of the first."""
    names = "abcdefghi"
    levels = [f"a: &a {first}"]
    for before, name in pairwise(names):
        levels.append(f"{name}: &{name} {again % ','.join([f'*{before}'] * 10)}")
    return "\n".join(levels) + "\n"


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        bomb("[1]", "[%s]"),
        bomb("{x: 1}", "{<<: [%s]}"),
        "a: &a [*a]\n",
        "a: &a {<<: *a}\n",
        "a: " + "[" * 1000 + "]" * 1000,
        "a: " + "{b: " * 1000,
    ],
    ids=["laughs", "merged laughs", "itself", "itself merged", "deep lists", "deep mappings"],
)
def test_a_bomb_is_refused_at_once(tmp_path: Path, text: str) -> None:
    assert mistakes(tmp_path, text) == [TOO_MUCH]


def test_variables_stand_for_text(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from the file: 5\n")
    environment = {"HOST": "broker", "PORT": "8883", "WORD_FILE": str(tmp_path / "secret")}
    settings = read(tmp_path, VALID + 'mqtt: {url: "mqtts://${HOST}:${PORT}", password: "${WORD}"}\n', environment)
    assert settings.mqtt is not None
    assert (settings.mqtt.url, settings.mqtt.secret()) == ("mqtts://broker:8883", "from the file: 5")


@pytest.mark.parametrize("word", ["0123", "yes", "null", "~", "1e3", "*a", "!b", "[c]", "d: e", "${HOME}", "#f", ""])
def test_a_password_from_a_variable_is_never_read_as_yaml(tmp_path: Path, word: str) -> None:
    settings = read(tmp_path, VALID + "mqtt:\n  password: ${WORD}\n", {"WORD": word, "HOME": "/root"})
    assert settings.mqtt is not None
    assert settings.mqtt.secret() == word


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("${NOT_SET}", "the variable NOT_SET is not set; set it or NOT_SET_FILE"),
        ("${GONE}", "the file that GONE_FILE names cannot be read; check the path"),
        ("${HOST:-localhost}", "`${` must be followed by the name of a variable and `}`"),
        ("${}", "`${` must be followed by the name of a variable and `}`"),
        ("${LINES}", "holds a line break or another sign that cannot be shown; take it out"),
    ],
)
def test_a_variable_that_stands_for_nothing_is_a_mistake(tmp_path: Path, value: str, told: str) -> None:
    environment = {"GONE_FILE": "/nowhere/at/all", "LINES": "a\nb"}
    assert mistakes(tmp_path, VALID + f'mqtt: {{url: "{value}"}}\n', environment) == [f"8: mqtt.url: {told}"]


def test_a_variable_is_no_number(tmp_path: Path) -> None:
    assert mistakes(tmp_path, VALID + 'http: {port: "${PORT}"}\n', {"PORT": "80"}) == [
        "8: http.port: must be a whole number; a variable gives text, so write it here"
    ]


def test_a_byte_order_mark_is_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeff" + VALID) == read(tmp_path, VALID)
