"""The sample dashboard's files: where its broker is, and what it may do."""

from __future__ import annotations

import gzip
import json
import re
from http import HTTPStatus

import pytest

from streamer.exchange import Request
from streamer.web.retail import FOLDER, RetailSite, Whereabouts

WHERE = Whereabouts("wss://broker.example:9001/mqtt", "north/+/takt", "north/takt")


def directives(text: str) -> dict[str, list[str]]:
    return {name: values for name, *values in (part.split() for part in text.split(";"))}


async def test_the_page_is_told_where_its_broker_is_and_nothing_else() -> None:
    answer = await RetailSite(WHERE).answer(Request("GET", "/retail/config.json", {}))

    assert isinstance(answer.body, bytes)
    assert json.loads(answer.body) == {
        "broker": "wss://broker.example:9001/mqtt", "prefix": "north/+/takt", "service_prefix": "north/takt",
    }  # fmt: skip


async def test_it_may_reach_that_broker_alone() -> None:
    answer = await RetailSite(WHERE).answer(Request("GET", "/retail/", {}))

    rules = directives(answer.headers["Content-Security-Policy"])
    assert rules.pop("connect-src") == ["'self'", "wss://broker.example:9001/mqtt"]
    assert rules.pop("default-src") == ["'none'"]
    assert {value for values in rules.values() for value in values} <= {"'self'", "'none'"}


async def test_where_no_broker_is_named_it_reaches_its_own_files_alone() -> None:
    answer = await RetailSite(Whereabouts(None, "takt", "takt")).answer(Request("GET", "/retail/", {}))

    assert directives(answer.headers["Content-Security-Policy"])["connect-src"] == ["'self'"]


async def test_without_a_slash_it_is_sent_to_where_its_files_are() -> None:
    answer = await RetailSite(WHERE).answer(Request("GET", "/retail", {}))

    assert (answer.status, answer.headers["Location"]) == (HTTPStatus.PERMANENT_REDIRECT, "/retail/")


@pytest.mark.parametrize("path", ["/retailer", "/retail/../app.py", "/retail/retail.py", "/retail//", "/retail/x/y"])
async def test_nothing_but_its_files_is_given(path: str) -> None:
    assert (await RetailSite(WHERE).answer(Request("GET", path, {}))).status == HTTPStatus.NOT_FOUND


async def test_it_is_read_and_not_written() -> None:
    assert (await RetailSite(WHERE).answer(Request("POST", "/retail/", {}))).status == HTTPStatus.METHOD_NOT_ALLOWED


async def test_a_file_goes_small_and_once() -> None:
    site, path = RetailSite(WHERE), "/retail/retail.js"
    whole = await site.answer(Request("GET", path, {}))
    small = await site.answer(Request("GET", path, {"accept-encoding": "gzip, br"}))
    again = await site.answer(Request("GET", path, {"if-none-match": whole.headers["ETag"]}))

    assert isinstance(small.body, bytes)
    assert gzip.decompress(small.body) == whole.body
    assert (again.status, again.body) == (HTTPStatus.NOT_MODIFIED, b"")


def test_the_files_of_the_page_name_no_other_server() -> None:
    own = [path for path in FOLDER.iterdir() if path.suffix in (".html", ".css", ".js") and "mqtt-" not in path.name]
    assert len(own) >= 5
    for path in own:
        named = re.findall(r"(?:https?|wss?)://[\w.-]+", path.read_text())
        assert set(named) <= {"http://www.w3.org", "wss://broker.example"}, path.name


def test_the_client_that_is_shipped_has_its_licence_beside_it() -> None:
    (client,) = FOLDER.glob("mqtt-*.esm.js")
    assert f'"./{client.name}"' in (FOLDER / "connection.js").read_text()
    assert "MIT License" in (FOLDER / "mqtt-LICENSE.md").read_text()
