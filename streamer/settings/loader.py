"""From a file to settings: all mistakes at once, each with its line and what would be right."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from pydantic import ValidationError

from streamer.errors import ConfigError
from streamer.settings.checks import check, unreadable
from streamer.settings.document import Document
from streamer.settings.mistakes import explain, said
from streamer.settings.procedures import ProcedureSettings, check_procedure
from streamer.settings.reading import read
from streamer.settings.sections import Settings
from streamer.settings.sinks import WebhookSink
from streamer.settings.sources import HttpSource, RtspSource, WhepSource, WhipSource
from streamer.settings.tracing import TracingSection
from streamer.settings.training import TrainingSettings
from streamer.settings.values import Section

S = TypeVar("S", bound=Section)


def load(file: Path, environment: Mapping[str, str]) -> Settings:
    """Read, fill in, validate.

    Raises:
        ConfigError: every mistake, as `file:line: path: what is wrong; what would be right`, by line; those of the
            procedures that it names too.
    """
    return _load(file, environment, Settings, lambda document: check_whole(document, environment))


def settings_of(values: Mapping[str, Any]) -> Settings:
    """Settings that no file holds.

    Raises:
        ConfigError: every mistake, as `path: what is wrong`; no value is quoted, since it may hold a password.
    """
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        mistakes = error.errors(include_url=False, include_input=False)
        places = [".".join(map(str, mistake["loc"])) for mistake in mistakes]
        problems = [f"{place}: {said(mistake)}" for place, mistake in zip(places, mistakes, strict=True)]
    raise ConfigError(problems)


def check_whole(document: Document, environment: Mapping[str, str]) -> None:
    """Note every mistake of a configuration that validation does not see, those of its procedures too."""
    cards = check(document)
    for where, path in document.find("streams", "*", "watches", "*", "procedure"):
        if not (isinstance(path, str) and path.isprintable()):
            continue
        if problem := unreadable(Path(path), document.file.parent):
            document.problem(where, problem)
            continue
        named = [name for _, name in document.find(*where[:-1], "recognizer") if isinstance(name, str)]
        known = [cards[name] for name in named if name in cards]
        try:
            load_procedure(Path(path), environment, known[0].actions if known else None)
        except ConfigError as error:
            document.elsewhere(error.problems)


def _resolve(document: Document) -> None:
    """Files that belong to the configuration lie beside it, wherever it is read from."""
    for where, path in document.find("streams", "*", "watches", "*", "procedure"):
        if isinstance(path, str):
            ((_, watch),) = document.find(*where[:-1])
            watch["procedure"] = str(document.file.parent / path)


def load_training(file: Path, environment: Mapping[str, str]) -> TrainingSettings:
    """As `load`, for what `takt train` reads."""
    return _load(file, environment, TrainingSettings, lambda _: None)


def load_procedure(
    file: Path, environment: Mapping[str, str], labels: Iterable[str] | None = None
) -> ProcedureSettings:
    """As `load`, for a procedure; `labels`: all that recognizers know, where steps are to be held against them."""
    return _load(file, environment, ProcedureSettings, lambda document: check_procedure(document, labels))


def _load(file: Path, environment: Mapping[str, str], root: type[S], check_all: Callable[[Document], None]) -> S:
    document = read(file, environment)
    _resolve(document)
    return validated(document, root, check_all)


def validated(document: Document, root: type[S], check_all: Callable[[Document], None]) -> S:
    """What a document says, as settings.

    Raises:
        ConfigError: as `load`.
    """
    settings = None
    if document.value is not None:
        try:
            # JSON is where pydantic is strict about numbers and truth values, and takes paths as text all the same.
            settings = root.model_validate_json(json.dumps(document.value), strict=True)
        except ValidationError as error:
            explain(document, error, root)
        check_all(document)
    if settings is None or document.problems:
        raise ConfigError(document.problems)
    return settings


def schema() -> dict[str, Any]:
    """The JSON Schema of a configuration."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Settings.model_json_schema()}


def secrets(settings: Settings) -> list[str]:
    """Every secret that the configuration knows, for the log's filter; a file that cannot be read has none."""
    found = [_tolerant(settings.evidence.secret), *(_tolerant(token.secret) for token in settings.http.tokens)]
    if settings.mqtt is not None:
        found.append(_tolerant(settings.mqtt.secret))
    found += [_tolerant(server.secret) for server in settings.webrtc.ice_servers]
    for stream in settings.streams:
        if isinstance(stream.source, WhipSource | WhepSource):
            found.append(_tolerant(stream.source.secret))
        if not isinstance(stream.source, RtspSource | HttpSource):
            continue
        password = urlsplit(stream.source.url.get_secret_value()).password or ""
        found += [password, unquote(password)]
        if stream.source.credentials_file is not None:
            found.append(_tolerant(stream.source.credentials_file.read_text).strip().partition(":")[2])
    for sink in settings.sinks:
        if isinstance(sink, WebhookSink):
            files = [file for file in (sink.token_file, sink.secret_file) if file is not None]
            found += [sink.url.get_secret_value(), *(_tolerant(file.read_text).strip() for file in files)]
    found += _headers(settings.tracing)
    return [secret for secret in found if secret]


def _headers(section: TracingSection) -> list[str]:
    try:
        values = list(section.headers().values())
    except (OSError, ValueError):
        return []
    # Of `Authorization: Bearer TOKEN`, the token alone too.
    return [form for value in values for form in {value, value.rpartition(" ")[2]} if len(form) >= 4]


def _tolerant(read_secret: Callable[[], str | None]) -> str:
    try:
        return read_secret() or ""
    except (OSError, UnicodeDecodeError):
        return ""
