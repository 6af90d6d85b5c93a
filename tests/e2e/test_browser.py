"""A browser publishes its camera to `takt run`, from a page of somebody else's."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

import numpy as np
import pytest

from streamer.exchange import Answer, Request
from streamer.health import Health
from streamer.web import make_app, serve
from tests.e2e.browser import browser, camera_file
from tests.e2e.consumer import Consumer
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import brightness
from tests.e2e.takt import Takt, until
from tests.e2e.test_whip import TOKEN, whip

pytestmark = pytest.mark.e2e
PUBLISH = """
async ([url, token]) => {
  const media = await navigator.mediaDevices.getUserMedia({video: true});
  const peer = window.peer = new RTCPeerConnection();
  media.getVideoTracks().forEach(track => peer.addTransceiver(track, {direction: "sendonly"}));
  await peer.setLocalDescription(await peer.createOffer());
  const reply = await fetch(url, {
    method: "POST", body: peer.localDescription.sdp,
    headers: {"Content-Type": "application/sdp", "Authorization": "Bearer " + token},
  });
  window.session = new URL(reply.headers.get("Location"), url).href;
  window.tag = reply.headers.get("ETag");
  await peer.setRemoteDescription({type: "answer", sdp: await reply.text()});
  return reply.status;
}
"""
TRICKLE = """
async ([token]) => {
  const lines = window.peer.localDescription.sdp.split("\\r\\n");
  const some = lines.filter(line => /^a=(ice-ufrag|ice-pwd|mid|candidate)/.test(line));
  const headers = {
    "Content-Type": "application/trickle-ice-sdpfrag", "Authorization": "Bearer " + token, "If-Match": window.tag,
  };
  return (await fetch(window.session, {method: "PATCH", body: some.join("\\r\\n") + "\\r\\n", headers})).status;
}
"""
LEAVE = """
async ([token]) => {
  const headers = {"Authorization": "Bearer " + token};
  return (await fetch(window.session, {method: "DELETE", headers})).status;
}
"""


class Page:
    async def answer(self, request: Request) -> Answer:
        return Answer(HTTPStatus.OK, {"Content-Type": "text/html"}, b"<!doctype html><link rel=icon href=data:,>")


async def test_a_browsers_camera_is_recognized(tmp_path: Path, broker: Mosquitto, consumer: Consumer) -> None:
    pictures = [np.full((240, 320, 3), 230 if n // 50 % 2 else 20, np.uint8) for n in range(100)]
    camera = camera_file(tmp_path / "camera.mjpeg", pictures)
    app = make_app(Health(), lambda: ("text/plain", b""), {"/page/": Page()})
    networks = {"eye": brightness(tmp_path / "net")}
    async with serve("127.0.0.1", 0, app) as port, browser(camera) as page:
        origin = f"http://127.0.0.1:{port}"
        errors: list[str] = []
        page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        async with Takt(tmp_path, broker.port, networks, [whip("cam", "eye")], webrtc={"origins": [origin]}) as takt:
            await page.goto(f"{origin}/page/")
            assert await page.evaluate(PUBLISH, [f"{takt.url('publish')}cam", TOKEN]) == 201
            assert await page.evaluate(TRICKLE, [TOKEN]) == 204
            await until(lambda: len(consumer.events("cam", "ended")) >= 2)
            assert await page.evaluate(LEAVE, [TOKEN]) == 200
            await until(lambda: not consumer.is_online("cam"))
    assert errors == []
