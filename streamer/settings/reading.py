"""From a YAML file to values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from streamer.settings.document import Document, Where

MOST_VALUES = 100_000
"""A file that says more, by aliases of aliases, is no configuration."""
MOST_CHARACTERS = 4 << 20
"""Nor is a file that is longer, or has no end (`/dev/zero`)."""

_TAG = "tag:yaml.org,2002:"
_KINDS = {"int": "a whole number", "float": "a number", "bool": "true or false", "null": "nothing"}
_TEXTS = ("str", "timestamp", "value", "merge")
"""What plain text can look like; only the first is a type of ours."""
_VARIABLE = re.compile(r"\$\{(?:([A-Za-z_][A-Za-z0-9_]*)\})?")


def read(file: Path, environment: Mapping[str, str]) -> Document:
    """Read a file; `${NAME}` in a text stands for an environment variable. Never raises: see `problems`.

    Where NAME is not set and NAME_FILE is, the content of the file that it names is taken.
    """
    document = Document(file)
    try:
        text = _text_of(file)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if isinstance(root, yaml.MappingNode):
            document.value = _Reader(document, environment).value(root, ())
        else:
            document.problem((), "must be a mapping (`key: value`)")
    except OSError as error:
        document.problem((), f"cannot be read ({error.strerror}); give the path of a YAML file")
    except UnicodeDecodeError:
        document.problem((), "is not text in UTF-8; give a YAML file")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = re.sub(r" '[^'<]{2,}'", "", ", ".join(filter(None, (error.context, error.problem))))
        document.problem((), f"is not YAML ({what}); check indentation and quotes", mark.line + 1 if mark else None)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        document.problem((), "holds a character that YAML does not allow; take it out", line)
    except (RecursionError, _TooLarge):
        document.value = None
        document.problem((), "is nested too deeply, or says too much by aliases; write it out")
    except _TooLong:
        document.problem((), f"is longer than {MOST_CHARACTERS >> 20} MiB; give the path of a YAML file")
    return document


def _text_of(file: Path) -> str:
    with file.open(encoding="utf-8-sig") as content:
        text = content.read(MOST_CHARACTERS + 1)
    if len(text) > MOST_CHARACTERS:
        raise _TooLong
    return text


class _TooLong(Exception):
    """More text than any configuration has."""


class _TooLarge(Exception):
    """More values than any configuration has."""


class _Reader:
    """From nodes to values, noting lines and mistakes in a document."""

    def __init__(self, document: Document, environment: Mapping[str, str]) -> None:
        self._document = document
        self._environment = environment
        self._constructor = SafeConstructor()
        self._values = 0

    def value(self, node: yaml.Node, where: Where) -> Any:
        self._count()
        self._document.lines.setdefault(where, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            pairs = self._pairs(node, where)
            self._document.lines.update({(*where, name): line for name, (line, _) in pairs.items()})
            return {name: self.value(item, (*where, name)) for name, (_, item) in pairs.items()}
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            return [self.value(item, (*where, n)) for n, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, where)
        self._document.unreadable(where, "has a tag (!…), which means nothing here; take it out")
        return None

    def _count(self) -> None:
        self._values += 1
        if self._values > MOST_VALUES:
            raise _TooLarge

    def _pairs(self, node: yaml.MappingNode, where: Where) -> dict[str, tuple[int, yaml.Node]]:
        """Line and value of each key; its own keys win over those that `<<` merges."""
        self._count()
        pairs: dict[str, tuple[int, yaml.Node]] = {}
        merged: list[yaml.Node] = []
        for key, item in node.value:
            line = key.start_mark.line + 1
            if not (isinstance(key, yaml.ScalarNode) and key.value.isprintable()):
                self._document.problem(where, "has a key that is no word; keys are words", line)
            elif key.tag == f"{_TAG}merge":
                merged += item.value if isinstance(item, yaml.SequenceNode) else [item]
            # YAML 1.1 reads a bare `on` or `off` as a truth value; as a key it is the word that was written.
            elif key.value in pairs:
                first = pairs[key.value][0]
                self._document.problem((*where, key.value), f"is given twice (first in line {first}); keep one", line)
            else:
                pairs[key.value] = (line, item)
        for one in merged:
            if isinstance(one, yaml.MappingNode):
                pairs = {**self._pairs(one, where), **pairs}
            else:
                self._document.problem(where, "`<<` must merge an alias (*name) of a mapping", one.start_mark.line + 1)
        return pairs

    def _scalar(self, node: yaml.ScalarNode, where: Where) -> Any:
        kind = node.tag.removeprefix(_TAG)
        value: Any = None
        if kind in _KINDS:
            try:
                return self._constructor.construct_object(node)
            except (yaml.YAMLError, ValueError):
                self._document.unreadable(where, f"cannot be read as {_KINDS[kind]}; put text in quotes")
        elif kind in _TEXTS:
            value = self._filled(node.value, where)
            if not value.isprintable():
                self._document.unreadable(where, "holds a line break or another sign that cannot be shown; take it out")
        else:
            self._document.unreadable(where, "has a tag (!…), which means nothing here; put the text in quotes")
        return None if where in self._document.unread else value

    def _filled(self, text: str, where: Where) -> str:
        def variable(match: re.Match[str]) -> str:
            name = match.group(1)
            if name is None:
                self._document.unreadable(where, "`${` must be followed by the name of a variable and `}`")
                return ""
            self._document.filled.add(where)
            try:
                return self._variable(name)
            except KeyError:
                self._document.unreadable(where, f"the variable {name} is not set; set it or {name}_FILE")
            except (OSError, UnicodeDecodeError):
                self._document.unreadable(where, f"the file that {name}_FILE names cannot be read; check the path")
            return ""

        return _VARIABLE.sub(variable, text)

    def _variable(self, name: str) -> str:
        if name in self._environment:
            return self._environment[name]
        return Path(self._environment[f"{name}_FILE"]).read_text(encoding="utf-8").rstrip("\r\n")
