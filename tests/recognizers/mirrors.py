"""A server of published files that does as its paths say."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONTENT = bytes(range(256)) * 9000
"""More than is read at once."""
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Mirror(BaseHTTPRequestHandler):
    """What it does is said by the path."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        getattr(self, f"_{self.path.strip('/').replace('-', '_')}", self._nothing)()

    def _good(self) -> None:
        self._send(CONTENT, len(CONTENT))

    def _of_unknown_length(self) -> None:
        self._send(CONTENT, None)

    def _changed(self) -> None:
        self._send(CONTENT[:-1] + b"\0", len(CONTENT))

    def _cut_short(self) -> None:
        self._send(CONTENT[:100_000], len(CONTENT))

    def _cut_short_of_unknown_length(self) -> None:
        self._send(CONTENT[:100_000], None)

    def _too_long(self) -> None:
        self._send(CONTENT + b"more", len(CONTENT) + 4)

    def _endless(self) -> None:
        self._send(CONTENT * 3, None)

    def _elsewhere(self) -> None:
        self._redirect("/good")

    def _in_circles(self) -> None:
        self._redirect("/in-circles")

    def _to_a_file(self) -> None:
        self._redirect("file:///etc/passwd")

    def _to_plain_text(self) -> None:
        self._redirect("http://127.0.0.1:1/good")

    def _failing(self) -> None:
        self.send_error(503, "Busy")

    def _nothing(self) -> None:
        self.send_error(404, "Not Found")

    def _redirect(self, to: str) -> None:
        self.send_response(302)
        self.send_header("Location", to)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, content: bytes, length: int | None) -> None:
        self.send_response(200)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.close_connection = True
        try:
            self.wfile.write(content)
        except OSError:
            return  # who asked has heard enough

    def log_message(self, *_: object) -> None: ...


def serving(server: ThreadingHTTPServer, scheme: str) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"{scheme}://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()
