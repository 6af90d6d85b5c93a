"""What validation found, in the words of whoever wrote the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from streamer.settings.document import Document, Where

KINDS = ("rtsp", "http", "file")
"""Of sources."""

_NUMBER = {"int_type": "must be a whole number", "float_type": "must be a number", "bool_type": "must be true or false"}
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
    "union_tag_not_found": f"is missing; give one of {', '.join(KINDS)}",
    "union_tag_invalid": f"must be one of {', '.join(KINDS)}",
}


def explain(document: Document, error: ValidationError, root: type[BaseModel]) -> None:
    """Note every mistake in the document, which was to be a `root`."""
    for mistake in error.errors(include_url=False, include_input=False):
        kind, loc = mistake["type"], mistake["loc"]
        where = _in_the_file(loc)
        if kind == "extra_forbidden":
            document.problem(where, f"unknown key; {suggestion(str(loc[-1]), _fields(root, loc[:-1]))}")
        elif where in document.unread or (kind == "too_short" and any(document.find(*where, "*"))):
            continue  # has been said, or is only because of the mistakes of its entries
        elif kind == "missing":
            document.problem(where, _missing(root, loc))
        elif kind.startswith("union_tag"):
            document.problem((*where, "kind"), _WORDS[kind])
        else:
            text = _WORDS.get(kind) or mistake["msg"].removeprefix("Value error, ").replace(
                "Input should be", "must be"
            )
            filled = kind in _NUMBER and where in document.filled
            document.problem(where, f"{text}; a variable gives text, so write it here" if filled else text)


def suggestion(word: str, known: Iterable[str]) -> str:
    """What was meant, or what there is."""
    known = list(known)
    close = get_close_matches(word, known, n=1)
    return f"did you mean {close[0]}?" if close else f"there are: {', '.join(known) or 'none'}"


def _in_the_file(loc: Where) -> Where:
    """pydantic names the chosen kind of a source inside the path; the file has no such level."""
    return loc[:3] + loc[4:] if loc[:1] == ("streams",) and loc[2:3] == ("source",) else loc


def _missing(root: type[BaseModel], loc: Where) -> str:
    field = _fields(root, loc[:-1]).get(str(loc[-1]))
    return "is missing; the list is too short" if field is None else f"is missing; give it: {field.description}"


def _fields(root: type[BaseModel], loc: Where) -> Mapping[str, FieldInfo]:
    """The fields of the section at a path of pydantic's."""
    annotation: Any = root
    for part in loc:
        origin, choices = get_origin(annotation), get_args(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            annotation = annotation.model_fields[str(part)].annotation
        elif origin in (dict, tuple):
            annotation = choices[1] if origin is dict else choices[0]
        else:
            annotation = next(choice for choice in choices if _kind(choice) == part)
        annotation = _without_none(annotation)
    return annotation.model_fields if isinstance(annotation, type) and issubclass(annotation, BaseModel) else {}


def _kind(source: type[BaseModel]) -> str:
    return str(get_args(source.model_fields["kind"].annotation)[0])


def _without_none(annotation: Any) -> Any:
    choices = [choice for choice in get_args(annotation) if choice is not type(None)]
    return choices[0] if len(choices) == 1 and get_origin(annotation) is not tuple else annotation
