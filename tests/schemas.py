"""The published JSON Schemas, by what a body says that it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

FOLDER = Path(__file__).parents[1] / "config/schema"


def validator(name: str) -> Draft202012Validator:
    """Of `config/schema/<name>.v1.json`."""
    schema = json.loads((FOLDER / f"{name}.v1.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


VALIDATORS = {f"takt.{file.name.split('.')[0]}.v1": validator(file.name.split(".")[0]) for file in FOLDER.iterdir()}


def validate(body: object) -> dict[str, Any]:
    """The body, which is valid under the schema that it names and holds nothing that the schema does not."""
    told: dict[str, Any] = json.loads(json.dumps(body))
    checked = VALIDATORS[told["schema"]]
    checked.validate(told)
    unknown = set(told) - set(checked.schema["properties"])
    assert not unknown, f"{told['schema']} does not tell of {unknown}"
    return told
