"""What docs/mqtt.md says of topics and bodies is so."""

from __future__ import annotations

import pytest

from tests.schemas import FOLDER, validate
from tests.topics import PAGE, ROWS, examples

EXAMPLES = examples()


@pytest.mark.parametrize(("schema", "body"), EXAMPLES, ids=[schema for schema, _ in EXAMPLES])
def test_an_example_is_valid(schema: str, body: dict[str, object]) -> None:
    assert validate(body)["schema"] == schema


def test_every_document_that_is_published_has_an_example() -> None:
    assert {row.schema for row in ROWS} - {"text", "a number"} == {schema for schema, _ in EXAMPLES}


def test_every_schema_is_told_of() -> None:
    text = PAGE.read_text() + (PAGE.parent / "integrations.md").read_text()
    names = {file.name.removesuffix(".v1.json") for file in FOLDER.glob("*.v1.json")}
    assert {name for name in names if f"takt.{name}.v1" not in text and f"{name}.v1.json" not in text} == set()
