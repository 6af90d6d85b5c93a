"""A YAML file as values that remember their lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

Where = tuple[str | int, ...]
"""The path of a value: keys and positions from the root."""

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(slots=True)
class Document:
    """What a file says, where it says it, and what is wrong with how it says it."""

    file: Path
    value: Any = None
    lines: dict[Where, int] = field(default_factory=dict)
    """Line of each value (from 1)."""
    problems: list[str] = field(default_factory=list)

    def problem(self, where: Where, text: str) -> None:
        """Note a mistake at a value, or at the nearest thing around it that the file has."""
        known = where
        while known and known not in self.lines:
            known = known[:-1]
        line = self.lines.get(known, 1)
        name = ".".join(map(str, where)) or "configuration"
        self.problems.append(f"{self.file}:{line}: {name}: {text}")


def read(file: Path, environment: Mapping[str, str]) -> Document:
    """Read a file; `${NAME}` in a text stands for an environment variable. Never raises: see `problems`."""
    document = Document(file)
    try:
        root = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        document.problems.append(f"{file}:1: cannot be read ({error.strerror}); give the path of a YAML file")
    except UnicodeDecodeError:
        document.problems.append(f"{file}:1: is not text in UTF-8; give a YAML file")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{file}:{mark.line + 1}" if mark else f"{file}:1"
        document.problems.append(f"{place}: YAML cannot be read here: {error.problem}; check indentation and quotes")
    except yaml.YAMLError as error:
        document.problems.append(f"{file}:1: YAML cannot be read: {error}")
    else:
        if not isinstance(root, yaml.MappingNode):
            document.problems.append(f"{file}:1: must be a mapping with `recognizers` and `streams`")
        else:
            document.value = _value(root, (), document, environment)
    return document


def _value(node: yaml.Node, where: Where, document: Document, environment: Mapping[str, str]) -> Any:
    document.lines[where] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, where, document, environment)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*where, n), document, environment) for n, item in enumerate(node.value)]
    assert isinstance(node, yaml.ScalarNode)
    try:
        value = yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError):
        document.problem(where, f"{node.value!r} cannot be read as {node.tag.rpartition(':')[2]}; put it in quotes")
        return None
    return _filled(value, where, document, environment) if isinstance(value, str) else value


def _mapping(
    node: yaml.MappingNode, where: Where, document: Document, environment: Mapping[str, str]
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, item in node.value:
        # YAML 1.1 reads a bare `on` or `off` as a truth value; as a key of ours it is the word that was written.
        name = str(key.value)
        if name in values:
            first = document.lines[(*where, name)]
            document.lines[(*where, name)] = key.start_mark.line + 1
            document.problem((*where, name), f"is given twice (first in line {first}); keep one")
            continue
        values[name] = _value(item, (*where, name), document, environment)
    return values


def _filled(text: str, where: Where, document: Document, environment: Mapping[str, str]) -> str:
    def variable(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in environment:
            document.problem(where, f"the environment variable {name} is not set; set it, or write the value")
        return environment.get(name, "")

    return _VARIABLE.sub(variable, text)
