"""From a file to settings: all mistakes at once, each with its line and what would be right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ValidationError

from streamer.errors import ConfigError
from streamer.settings.document import Document, Where, read
from streamer.settings.sections import Settings
from streamer.settings.sources import FileSource


def load(file: Path, environment: Mapping[str, str]) -> Settings:
    """Read, fill in, validate.

    Raises:
        ConfigError: every mistake, as `file:line: path: what is wrong, what would be right`.
    """
    document = read(file, environment)
    if document.value is None:
        raise ConfigError(document.problems)
    _check_names(document)
    settings = None
    try:
        settings = Settings.model_validate(document.value)
    except ValidationError as error:
        for mistake in error.errors(include_url=False, include_context=True):
            _explain(document, mistake["loc"], mistake["type"], mistake["msg"], mistake.get("ctx", {}))
    if settings is not None:
        _check_files(document, settings)
    if settings is None or document.problems:
        raise ConfigError(sorted(document.problems, key=_line))
    return settings


def schema() -> dict[str, Any]:
    """The JSON Schema of a configuration."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Settings.model_json_schema()}


def secrets(settings: Settings) -> list[str]:
    """Every secret that the configuration knows, for the log's filter; a file that cannot be read has none."""
    found = [] if settings.mqtt is None else [_tolerant(settings.mqtt.secret)]
    for stream in settings.streams:
        if isinstance(stream.source, FileSource):
            continue
        url = stream.source.url.get_secret_value()
        found += [urlsplit(url).password, unquote(urlsplit(url).password or "")]
        if stream.source.credentials_file is not None:
            line = _tolerant(stream.source.credentials_file.read_text)
            found.append((line or "").strip().partition(":")[2])
    return [secret for secret in found if secret]


def _tolerant(read_secret: Any) -> str | None:
    try:
        return str(read_secret() or "")
    except (OSError, UnicodeDecodeError):
        return None


def _line(problem: str) -> tuple[int, str]:
    parts = problem.split(":")
    return next((int(part) for part in parts[1:] if part.isdigit()), 0), problem


def _explain(document: Document, loc: tuple[str | int, ...], kind: str, text: str, context: Mapping[str, Any]) -> None:
    # pydantic names the chosen member of a union inside the path; the file has no such level.
    where = tuple(part for n, part in enumerate(loc) if not (n and loc[n - 1] == "source" and part in _KINDS))
    if kind == "extra_forbidden":
        known = _keys_at(where[:-1], document)
        close = get_close_matches(str(where[-1]), known, n=1)
        right = f"did you mean {close[0]}?" if close else f"known here: {', '.join(known)}"
        document.problem(where, f"unknown key; {right}")
    elif kind == "missing":
        document.problem(where, "is missing; it must be given")
    elif kind.startswith("union_tag"):
        document.problem((*where, "kind"), f"must be one of {', '.join(_KINDS)}")
    elif kind == "string_pattern_mismatch":
        document.problem(where, "must be 1 to 63 small letters, digits or hyphens, e.g. cell-4")
    else:
        document.problem(where, text.removeprefix("Value error, ").replace("Input should be", "must be"))


_KINDS = ("rtsp", "http", "file")


def _keys_at(where: Where, document: Document) -> list[str]:
    """The keys that the section at a path has."""
    model: Any = Settings
    for part in where:
        if isinstance(model, type) and issubclass(model, BaseModel):
            if not isinstance(part, str) or part not in model.model_fields:
                return []
            annotation = model.model_fields[part].annotation
            if part == "source":
                chosen = [one for one in get_args(annotation) if _kind(one) == _at(document, (*where, "kind"))]
                model = chosen[0] if chosen else None
                continue
            model = next(_models(annotation), None)
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def _kind(model: type[BaseModel]) -> Any:
    return get_args(model.model_fields["kind"].annotation)[0]


def _models(annotation: Any) -> Iterator[Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _at(document: Document, where: Where) -> Any:
    value = document.value
    for part in where:
        value = value.get(part) if isinstance(value, dict) and isinstance(part, str) else value[part]
    return value


def _check_names(document: Document) -> None:
    """What no single section can know: ids are unique, recognizers exist."""
    streams = document.value.get("streams")
    recognizers = document.value.get("recognizers")
    streams = [stream for stream in streams if isinstance(stream, dict)] if isinstance(streams, list) else []
    _unique(document, ("streams",), streams)
    for n, stream in enumerate(streams):
        watches = stream.get("watches")
        watches = [watch for watch in watches if isinstance(watch, dict)] if isinstance(watches, list) else []
        _unique(document, ("streams", n, "watches"), watches)
        for m, watch in enumerate(watches):
            name = watch.get("recognizer")
            if isinstance(recognizers, dict) and isinstance(name, str) and name not in recognizers:
                where = ("streams", n, "watches", m, "recognizer")
                document.problem(where, f"no recognizer {name}; there are: {', '.join(recognizers)}")


def _unique(document: Document, where: Where, items: list[dict[str, Any]]) -> None:
    count = Counter(str(item.get("id")) for item in items)
    for n, item in enumerate(items):
        if "id" in item and count[str(item["id"])] > 1:
            document.problem((*where, n, "id"), f"{item['id']} is used {count[str(item['id'])]} times; ids are unique")


def _check_files(document: Document, settings: Settings) -> None:
    """Files that the configuration names must be there."""
    named: list[tuple[Where, Path | None]] = []
    if settings.mqtt is not None:
        named += [
            (("mqtt", "password_file"), settings.mqtt.password_file),
            (("mqtt", "ca_file"), settings.mqtt.ca_file),
        ]
    for name, recognizer in settings.recognizers.items():
        if not recognizer.checkpoint.startswith("bundled:"):
            named.append((("recognizers", name, "checkpoint"), Path(recognizer.checkpoint)))
    for n, stream in enumerate(settings.streams):
        for key in ("credentials_file", "ca_file", "path"):
            named.append((("streams", n, "source", key), getattr(stream.source, key, None)))
    for where, path in named:
        if path is not None and not path.is_file():
            document.problem(where, f"no such file: {path}; check the path (relative to {Path.cwd()})")
