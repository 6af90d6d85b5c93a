"""Where a page finds what is told of the streams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from streamer.errors import ConfigError
from streamer.retail import whereabouts
from streamer.settings import Settings, settings_of
from streamer.web.retail import Whereabouts


def settings(mqtt: Mapping[str, Any], *places: Mapping[str, str]) -> Settings:
    return settings_of(
        {
            "mqtt": mqtt,
            "recognizers": {"cell": {}},
            "streams": [
                {
                    "id": f"cell-{number}",
                    "source": {"kind": "file", "path": "film.mp4"},
                    "watches": [{"id": "bench", "recognizer": "cell"}],
                    "place": place,
                }
                for number, place in enumerate(places or ({},))
            ],
        }
    )


def test_topics_begin_as_the_brokers_section_says() -> None:
    told = whereabouts(settings({"websocket_url": "wss://broker:9001", "prefix": "shop"}))

    assert told == Whereabouts("wss://broker:9001", "shop", "shop")


def test_levels_in_which_streams_differ_are_a_wildcard() -> None:
    mqtt = {"prefix": "{site}/{area}/{line}/takt", "place": {"site": "north", "area": "gears", "line": "l1"}}
    told = whereabouts(settings(mqtt, {}, {"line": "l2"}))

    assert (told.prefix, told.service_prefix) == ("north/gears/+/takt", "north/gears/l1/takt")


def test_a_level_that_streams_alone_say_is_not_among_the_services_own() -> None:
    told = whereabouts(settings({"prefix": "{site}/x-{line}/takt", "place": {"site": "north"}}, {"line": "l2"}))

    assert (told.prefix, told.service_prefix) == ("north/+/takt", "north/takt")


def test_without_a_broker_there_is_nowhere_to_go() -> None:
    assert whereabouts(settings({}).model_copy(update={"mqtt": None})).broker is None


@pytest.mark.parametrize(
    "url", ["http://broker:9001", "ws://user:pw@broker", "ws://broker; script-src *", "ws://broker/?a", "ws://b,c"]
)
def test_an_address_that_pages_cannot_use_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"mqtt\.websocket_url"):
        settings({"websocket_url": url})
