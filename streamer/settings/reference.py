"""The reference configuration, written from the settings themselves: every key, its default, one comment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from streamer.settings.sections import Settings

HEADER = """\
# Every key of a configuration, with its default. This file is what `takt schema --reference` prints.
#
# ${NAME} in a text stands for an environment variable; where NAME is not set and NAME_FILE is, for the content of the
# file that NAME_FILE names. null: not given. Paths count from the folder in which `takt` is started.
"""
_NAMES = {"recognizers": "cell", "events": "default"}
"""An example of a name, for mappings whose keys are the operator's own."""


def reference() -> str:
    """The text of config/reference.yaml."""
    return HEADER + "\n".join(_section(Settings)) + "\n"


def _section(section: type[BaseModel]) -> Iterator[str]:
    """The lines of a section, `kind` and what must be given first."""
    fields = sorted(section.model_fields.items(), key=lambda item: (item[0] != "kind", not item[1].is_required()))
    for name, field in fields:
        sections = _sections(field.annotation)
        if section is Settings:
            yield ""
        if sections:
            yield from _nested(name, field, sections)
        elif name == "kind" and field.is_required():
            yield f"kind: {get_args(field.annotation)[0]}  # {section.__doc__}"
        else:
            yield f"{name}: {_value(field)}  # {_comment(field)}"


def _nested(name: str, field: FieldInfo, sections: list[type[BaseModel]]) -> Iterator[str]:
    first, *others = sections
    yield f"# {first.__doc__ if field.description is None or field.default is None else _comment(field)}"
    yield f"{name}:"
    origin = get_origin(field.annotation)
    if origin is dict:
        yield f"  {_NAMES[name]}:  # {first.__doc__}"
        yield from _indented(_section(first), "    ")
    elif origin is tuple:
        yield from _indented(_section(first), "    ", "  - ")
    else:
        yield from _indented(_section(first))
    for other in others:
        yield f"# {name}:"
        listed = origin is tuple
        yield from _indented(_section(other), "#     " if listed else "#   ", "#   - " if listed else None)


def _indented(lines: Iterator[str], indent: str = "  ", first: str | None = None) -> Iterator[str]:
    for n, line in enumerate(lines):
        yield (first if first is not None and n == 0 else indent) + line


def _sections(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [section for inner in get_args(annotation) for section in _sections(inner)]


def _value(field: FieldInfo) -> str:
    value = field.examples[0] if field.is_required() and field.examples else field.get_default()
    if isinstance(value, str | Path):
        text = str(value)
        return text if yaml.safe_load(text) == text else json.dumps(text)
    return json.dumps(value)


def _comment(field: FieldInfo) -> str:
    must = "required: " if field.is_required() else ""
    choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    return f"{must}{field.description}" + (f": {' or '.join(choices)}" if choices else "")
