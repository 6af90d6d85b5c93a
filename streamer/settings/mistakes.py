"""What validation found, in the words of whoever wrote the file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from streamer.settings.document import Document, Where

MISPLACED = "misplaced"
"""The type of a mistake that is told of the file, entry by entry, whatever else is wrong with it."""
_NUMBER = {"int_type": "must be a whole number", "float_type": "must be a number", "bool_type": "must be true or false"}
_POWER = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")
_EXPONENT = "; YAML takes this for text: write a point and the sign of the exponent, e.g. 1.0e-9 or 2.0e+3"
_WORDS = {
    **_NUMBER,
    "finite_number": "must be a finite number",
    "string_type": "must be text; put numbers and words like yes in quotes",
    "string_too_short": "must not be empty",
    "string_pattern_mismatch": "must be 1 to 63 small letters, digits or hyphens, e.g. cell-4",
    "model_type": "must be a mapping (`key: value`); leave it out for its defaults",
    "dict_type": "must be a mapping (`key: value`)",
    "tuple_type": "must be a list",
    "too_short": "must have at least one entry",
    "union_tag_not_found": "is missing; give one of",
    "union_tag_invalid": "must be one of",
}


def explain(document: Document, error: ValidationError, root: type[BaseModel]) -> None:
    """Note every mistake in the document, which was to be a `root`."""
    for mistake in error.errors(include_url=False, include_input=False):
        kind, loc = mistake["type"], mistake["loc"]
        where, due = _followed(root, loc)
        _, around = _followed(root, loc[:-1])
        fields = around.model_fields if _is_section(around) else {}
        if kind == MISPLACED:
            continue
        if kind == "extra_forbidden":
            document.problem(where, f"unknown key; {suggestion(str(loc[-1]), fields)}")
        elif where in document.unread or (kind == "too_short" and any(document.find(*where, "*"))):
            continue  # has been said, or is only because of the mistakes of its entries
        elif kind == "missing":
            field = fields.get(str(loc[-1]))
            right = "the list is too short" if field is None else f"give it: {field.description}"
            document.problem(where, f"is missing; {right}")
        elif kind.startswith("union_tag"):
            kinds = ", ".join(map(_kind, get_args(due)))
            document.problem((*where, "kind"), f"{_WORDS[kind]} {kinds}")
        else:
            text = _text(kind, mistake["msg"], filled=where in document.filled)
            document.problem(where, f"{text}{_EXPONENT}" if kind in _NUMBER and _is_exponent(document, where) else text)


def _is_exponent(document: Document, where: Where) -> bool:
    """Whether a value is a number like 1e-9, which YAML 1.1 reads as text."""
    return any(isinstance(value, str) and _POWER.fullmatch(value) for _, value in document.find(*where))


def said(mistake: ErrorDetails) -> str:
    """What is wrong, in our words."""
    return _text(mistake["type"], mistake["msg"], filled=False)


def _text(kind: str, otherwise: str, *, filled: bool) -> str:
    text = _WORDS.get(kind) or otherwise.removeprefix("Value error, ").replace("Input should be", "must be")
    return f"{text}; a variable gives text, so write it here" if filled and kind in _NUMBER else text


def suggestion(word: str, known: Iterable[str]) -> str:
    """What was meant, or what there is."""
    known = list(known)
    close = get_close_matches(word, known, n=1)
    return f"did you mean {close[0]}?" if close else f"there are: {', '.join(known) or 'none'}"


def _followed(root: type[BaseModel], loc: Where) -> tuple[Where, Any]:
    """Where a path of pydantic's is in the file, and the type that is due there.

    pydantic names the chosen kind of a source inside the path, and says `[key]` at the end of a path of which the last
    name itself is wrong; the file has no such levels.
    """
    where: Where = ()
    due: Any = root
    for part in loc[:-1] if loc[-1:] == ("[key]",) else loc:
        choices = get_args(due)
        if get_origin(due) in (dict, tuple):
            due = choices[-1] if get_origin(due) is dict else choices[0]
        elif _is_section(due):
            due = due.model_fields[str(part)].annotation if part in due.model_fields else None
        else:
            due = next(choice for choice in choices if _kind(choice) == part)
            continue
        where += (part,)
        due = get_args(due)[0] if get_origin(due) is Annotated else due
        if type(None) in get_args(due):
            due = next(choice for choice in get_args(due) if choice is not type(None))
    return where, due


def _is_section(due: Any) -> bool:
    return isinstance(due, type) and issubclass(due, BaseModel)


def _kind(section: type[BaseModel]) -> str:
    return str(get_args(section.model_fields["kind"].annotation)[0])
