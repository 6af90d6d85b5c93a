"""A camera is away, and somebody is told: service, Prometheus, Alertmanager, webhook."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.e2e.monitoring import Alertmanager, Prometheus
from tests.e2e.networks import always_bright
from tests.e2e.takt import Takt, rtsp, until
from tests.ports import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(200)]
Told = list[tuple[str, dict[str, Any]]]


@contextmanager
def webhook() -> Iterator[tuple[str, Told]]:
    """An address, and what was posted there: the path and each alert."""
    told: Told = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.extend((self.path, alert) for alert in posted["alerts"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def test_tickets_and_pages_arrive_where_they_should_once_each(tmp_path: Path) -> None:
    """Two of two cameras away are one page, which keeps their tickets back; no broker is a ticket; a killed service
    is a page."""
    streams = [rtsp(name, f"rtsp://127.0.0.1:{free_port()}/main") for name in ("one", "two")]
    takt = Takt(tmp_path / "takt", free_port(), {"constant": always_bright(tmp_path / "net")}, streams)
    with webhook() as (url, told), Alertmanager(tmp_path / "alertmanager", url) as alertmanager:
        async with takt:
            target = urlsplit(takt.url("metrics")).netloc
            with Prometheus(tmp_path / "prometheus", target, f"127.0.0.1:{alertmanager.port}"):
                await until(lambda: {"TaktManyCamerasDown", "TaktBrokerDisconnected"} <= names(told, "firing"), 90)
                await takt.kill()
                await until(lambda: "TaktDown" in names(told, "firing"), 60)

    assert "TaktCameraDown" not in names(told, "firing")
    where = {alert["labels"]["alertname"]: path for path, alert in told}
    assert where["TaktManyCamerasDown"] == where["TaktDown"] == "/pager"
    assert where["TaktBrokerDisconnected"] == "/tickets"
    page = next(alert for _, alert in told if alert["labels"]["alertname"] == "TaktManyCamerasDown")
    assert page["annotations"]["summary"] == f"2 cameras of {target} are away at once"
    assert page["annotations"]["runbook_url"] == "docs/runbooks/TaktManyCamerasDown.md"


def names(told: Told, status: str) -> set[str]:
    return {alert["labels"]["alertname"] for _, alert in told if alert["status"] == status}
