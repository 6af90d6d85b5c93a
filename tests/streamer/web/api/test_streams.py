"""Streams as they are, and changes of them by who may."""

from __future__ import annotations

from typing import Any

import pytest

from streamer.testing.api import JPEG
from streamer.web import API
from streamer.web.api.pictures import BOUNDARY
from tests.streamer.web.asgi import BEARER, ask
from tests.streamer.web.conftest import Serving

CONTROL, ADMIN = {"authorization": BEARER["control"]}, {"authorization": BEARER["admin"]}
READ, PICTURES = {"authorization": BEARER["read"]}, {"authorization": BEARER["pictures"]}


async def test_a_stream_is_shown_with_the_documents_of_its_watches(serving: Serving) -> None:
    async with serving() as served:
        for topic in ("state", "andon", "last/1m"):
            served.plant.onlookers.shown(f"cam/bench/{topic}", {"topic": topic})
        one = (await ask(served.app, "GET", f"{API}/streams/cam", READ)).json
        listed = (await ask(served.app, "GET", f"{API}/streams", READ)).json
    assert listed == {"streams": [one]}
    assert one["source"] == {"kind": "rtsp", "url": "rtsp://camera/main"}
    (watch,) = one["watches"]
    assert (watch["state"], watch["andon"], watch["last"]) == (
        {"topic": "state"}, {"topic": "andon"}, {"1m": {"topic": "last/1m"}},
    )  # fmt: skip


async def test_a_stream_comes_changes_stops_starts_and_goes(serving: Serving) -> None:
    async with serving() as served:
        added = await ask(served.app, "POST", f"{API}/streams?persist=true", CONTROL, {"id": "dock"})
        assert (added.status, added.headers["location"]) == (201, f"{API}/streams/dock")
        assert served.plant.roster.persisted == ["dock"]
        assert (await ask(served.app, "POST", f"{API}/streams", CONTROL, {"id": "dock"})).status == 409
        assert (await ask(served.app, "PUT", f"{API}/streams/dock", CONTROL, {})).json["id"] == "dock"
        assert (await ask(served.app, "PUT", f"{API}/streams/dock", CONTROL, {"id": "other"})).status == 422
        assert (await ask(served.app, "POST", f"{API}/streams/dock/stop", CONTROL)).json["state"] == "stopped"
        assert (await ask(served.app, "POST", f"{API}/streams/dock/start", CONTROL)).json["state"] == "connecting"
        gone = await ask(served.app, "DELETE", f"{API}/streams/dock", CONTROL)
        assert (gone.status, gone.text) == (204, b"")
        assert (await ask(served.app, "GET", f"{API}/streams/dock", READ)).status == 404
        changes = await ask(served.app, "POST", f"{API}/config/reload", ADMIN)
    assert changes.json == {"added": [], "changed": [], "removed": [], "unchanged": ["cam"]}


@pytest.mark.parametrize(
    "section",
    [
        {"source": {"kind": "file", "path": "/etc/passwd"}},
        {"source": {"kind": "whep", "url": "http://evil.example/", "token_file": "/run/secrets/token"}},
        {"source": {"kind": "rtsp", "url": "rtsp://evil.example/", "credentials_file": "/run/secrets/cam4"}},
        {"source": {"kind": "rtsp", "url": "rtsp://camera/", "ca_file": "/etc/shadow"}},
        {"watches": [{"id": "a"}, {"id": "b", "procedure": "/etc/shadow"}]},
    ],
)
async def test_who_names_files_of_the_machine_must_be_an_administrator(
    section: dict[str, Any], serving: Serving
) -> None:
    async with serving() as served:
        told = {"id": "dock", **section}
        refused = await ask(served.app, "POST", f"{API}/streams", CONTROL, told)
        assert (refused.status, "admin" in refused.json["detail"]) == (403, True)
        assert (await ask(served.app, "PUT", f"{API}/streams/cam", CONTROL, {**told, "id": "cam"})).status == 403
        assert (await ask(served.app, "POST", f"{API}/streams", ADMIN, told)).status == 201


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (None, b'{"by": "control"}'),
        ({"by": "anna"}, b'{"by": "anna"}'),
        ({"resolved": True}, b'{"by": "control", "resolved": true}'),
    ],
)
async def test_a_lamp_is_acknowledged_in_the_name_of_whoever_asks(body: object, said: bytes, serving: Serving) -> None:
    async with serving() as served:
        served.plant.onlookers.shown("cam/bench/andon", {"acknowledged": True})
        path = f"{API}/streams/cam/watches/bench/acknowledge"
        assert (await ask(served.app, "POST", path, CONTROL, body)).json == {"acknowledged": True}
        assert served.plant.acknowledged == [said]
        nobody = await ask(served.app, "POST", f"{API}/streams/cam/watches/none/acknowledge", CONTROL)
    assert nobody.status == 404


async def test_pictures_are_shown_one_or_one_after_the_other(serving: Serving) -> None:
    async with serving() as served:
        served.plant.onlookers.register._become("cam", "live", "live", "", 1)
        one = await ask(served.app, "GET", f"{API}/streams/cam/snapshot.jpg?width=320", PICTURES)
        film = await ask(served.app, "GET", f"{API}/streams/cam/live.mjpeg?width=320&fps=5", PICTURES)
    assert (one.headers["content-type"], one.text) == ("image/jpeg", JPEG)
    assert film.headers["content-type"] == f"multipart/x-mixed-replace; boundary={BOUNDARY}"
    assert film.text.startswith(f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\n".encode())
    assert JPEG + f"\r\n--{BOUNDARY}\r\n".encode() in film.text
    assert served.plant.live.closed


async def test_moments_are_named_listed_and_taken_away(serving: Serving) -> None:
    async with serving() as served:
        label = {"authorization": BEARER["label"]}
        made = await ask(served.app, "POST", f"{API}/labels", label, {"stream": "cam", "label": "tighten", "at": 12.5})
        (kept,) = (await ask(served.app, "GET", f"{API}/labels", label)).json["labels"]
        assert (made.status, made.json["by"]) == (201, "label")
        assert (kept["at"], kept["before_s"], kept["after_s"]) == (12.5, 2.0, 2.0)
        assert (await ask(served.app, "DELETE", f"{API}/labels/{made.json['id']}", label)).status == 204
        assert (await ask(served.app, "DELETE", f"{API}/labels/{made.json['id']}", label)).status == 404


async def test_procedures_and_models_are_told_and_drawn(serving: Serving) -> None:
    async with serving() as served:
        (named,) = (await ask(served.app, "GET", f"{API}/procedures", READ)).json["procedures"]
        gearbox = (await ask(served.app, "GET", f"{API}/procedures/gearbox", READ)).json
        drawn = await ask(served.app, "GET", f"{API}/procedures/gearbox.svg", READ)
        (model,) = (await ask(served.app, "GET", f"{API}/models", READ)).json["models"]
    assert named == {
        "name": "gearbox", "title": "Gearbox", "takt_s": 55.0, "streams": [{"stream": "cam", "watch": "bench"}],
    }  # fmt: skip
    assert [(step["name"], step["after"]) for step in gearbox["steps"]] == [("lid", []), ("seal", [["lid"]])]
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert drawn.text.startswith(b"<svg")
    assert (model["name"], model["figures"]) == ("cell", {"top1": 0.9})
