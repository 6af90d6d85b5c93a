"""Streams that no file holds, joined to settings: as if they stood there, with the same words for what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from streamer.errors import ConfigError
from streamer.settings.document import Document, Where
from streamer.settings.loader import check_whole, validated
from streamer.settings.sections import Settings, Stream

HIDDEN = "**********"
"""Stands for a secret where a configuration is shown."""


def with_stream(
    settings: Settings, section: Mapping[str, Any], beside: Path, environment: Mapping[str, str]
) -> Settings:
    """The settings with one stream more, or with another in the place of the one of the same id.

    Args:
        section: as a file says it, with values of JSON; not changed.
        beside: where relative paths of procedures begin.
        environment: what variables in procedures stand for; in a section none stands for anything.

    Raises:
        ConfigError: every mistake, as `path: what is wrong; what would be right`, the path from the section on.
    """
    if not isinstance(section, Mapping):
        raise ConfigError(["the stream: must be a mapping (`key: value`)"])
    value = plain(settings)
    ids = [stream["id"] for stream in value["streams"]]
    at = ids.index(section.get("id")) if section.get("id") in ids else len(ids)
    value["streams"][at:] = [json.loads(json.dumps(section)), *value["streams"][at + 1 :]]
    document = Document(beside / "streams", value, part=("streams", at))
    _resolve(document, beside)
    for where, text in _texts(value["streams"][at], ("streams", at)):
        if "${" in text:
            document.problem(where, "holds `${`, which stands for a variable in files alone; write the value")
        if not text.isprintable():  # no file may say it either, and what is kept is read as one
            document.problem(where, "holds a line break or another sign that cannot be shown; take it out")
    return validated(document, Settings, lambda known: check_whole(known, environment))


def with_secrets(settings: Settings, section: Mapping[str, Any]) -> Mapping[str, Any]:
    """A section in which whatever its stream's source hides is as it was.

    Beside another address nothing is put in its place: that must not learn it.

    Raises:
        ConfigError: whoever answers there is to be verified no more, and could learn it too.
    """
    before = {one["id"]: one["source"] for one in plain(settings)["streams"]}.get(section.get("id"), {})
    source = section.get("source")
    if not isinstance(source, Mapping) or source.get("kind") != before.get("kind"):
        return section
    if source.get("url", HIDDEN) not in (HIDDEN, before.get("url", HIDDEN)):
        return section
    is_verified = before.get("tls_verify") and str(before.get("url")).lower().startswith(("https:", "rtsps:"))
    if HIDDEN in source.values() and is_verified and source.get("tls_verify") is False:
        raise ConfigError(["source.tls_verify: where it is switched off, what is hidden must be written anew"])
    return {**section, "source": {name: before.get(name) if one == HIDDEN else one for name, one in source.items()}}


def files_named(section: object) -> Iterator[str]:
    """Keys of a stream's section, valid or not, below which a file of this machine is named."""
    for key, value in section.items() if isinstance(section, dict) else ():
        if key in _file_keys() and value is not None:
            yield key
        yield from files_named(value)
    for item in section if isinstance(section, list) else ():
        yield from files_named(item)


@cache
def _file_keys() -> frozenset[str]:
    """All that a stream's section knows, wherever they stand."""
    return frozenset(_paths(Stream.model_json_schema()))


def _paths(schema: Any) -> Iterator[str]:
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _paths(part)
    for name, said in schema.get("properties", {}).items() if isinstance(schema, dict) else ():
        if any(one.get("format") == "path" for one in (said, *said.get("anyOf", ()))):
            yield name


def check_again(settings: Settings, beside: Path, environment: Mapping[str, str]) -> None:
    """Whether settings that were put together hold. Raises ConfigError, as `with_stream`."""
    document = Document(beside / "streams", plain(settings), part=())
    validated(document, Settings, lambda known: check_whole(known, environment))


def plain(settings: Settings) -> dict[str, Any]:
    """What settings say, as a file would, all defaults and secrets too: not to be shown."""
    told: dict[str, Any] = json.loads(json.dumps(settings.model_dump(), default=_text))
    return told


def _text(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"a {type(value).__name__} is no value of a configuration")


def _resolve(document: Document, beside: Path) -> None:
    if document.part is None:
        return
    for where, path in document.find(*document.part, "watches", "*", "procedure"):
        if isinstance(path, str):
            ((_, watch),) = document.find(*where[:-1])
            watch["procedure"] = str(beside / path)


def _texts(value: Any, where: Where) -> Iterator[tuple[Where, str]]:
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield where, name
            yield from _texts(item, (*where, name))
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield from _texts(item, (*where, n))
