"""A scriptable RTSP camera on loopback: RTP over TCP, many clients, digest login, faults on demand."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import hashlib
import re
import socket
import ssl
import struct
from types import TracebackType
from typing import Self

from streamer.clock import Clock, SystemClock
from streamer.testing.feeds import Feed
from streamer.testing.rtp import Packetizer, session_description

_REPORT_S = 5.0
_REALM = "camera"
_NONCE = "5f1c0ffee5f1c0ffee5f1c0ffee5f1c0"
_SLOW_CLIENT_BYTES = 4_000_000


class Fault(enum.StrEnum):
    """What the camera does wrong. Those of a running stream strike after `after_frames` pictures."""

    NONE = "none"
    SILENT = "silent"
    """Accepts the connection and never answers."""
    DESCRIBE_HANG = "describe_hang"
    NOT_FOUND = "not_found"
    REDIRECT = "redirect"
    PLAY_NOTHING = "play_nothing"
    """Answers everything and sends no picture."""
    VIDEO_STOP = "video_stop"
    RTCP_ONLY = "rtcp_only"
    """No more pictures, but sender reports twice a second."""
    FIN = "fin"
    RST = "rst"
    TEARDOWN_HANG = "teardown_hang"
    TS_BACK = "ts_back"
    """The stream's time goes back by an hour."""
    TS_FORWARD = "ts_forward"
    """The stream's time leaps 20 000 s ahead."""
    TS_STILL = "ts_still"
    """Pictures go on, and their time stands still."""


_SHIFT_S = {Fault.TS_BACK: -3600.0, Fault.TS_FORWARD: 20_000.0}


class RtspCamera:
    """`async with RtspCamera(feed) as camera:` serves `camera.url` until the block ends.

    `fault` and `after_frames` may be changed at any time; running connections notice with their next picture.
    """

    def __init__(
        self,
        feed: Feed,
        *,
        login: tuple[str, str] | None = None,
        clock: Clock | None = None,
        sender_reports: bool = True,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.fault = Fault.NONE
        self.after_frames = 0
        self.redirect_to = "rtsp://127.0.0.1:1/"
        self.connections = 0
        """Connections accepted so far."""
        self.feed = feed
        self.login = login
        self.clock: Clock = clock or SystemClock()
        self.sender_reports = sender_reports
        self._port = port
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """With the login, if one is needed."""
        login = "" if self.login is None else f"{self.login[0]}:{self.login[1]}@"
        scheme = "rtsp" if self._tls is None else "rtsps"
        return f"{scheme}://{login}127.0.0.1:{self._port}/live"

    @property
    def playing(self) -> int:
        """Connections that are open now."""
        return len(self._tasks)

    async def __aenter__(self) -> Self:
        await self.feed.start()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port, ssl=self._tls)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            self.hang_up()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._server.wait_closed()
        await self.feed.close()

    def hang_up(self) -> None:
        """End every connection now."""
        for task in self._tasks:
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a connection is served in a task")
        self.connections += 1
        self._tasks.add(task)
        try:
            await _Connection(self, reader, writer).serve()
        except* (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client left, the script says so, or the camera is switched off
        finally:
            self._tasks.discard(task)
            writer.close()


class _Connection:
    def __init__(self, camera: RtspCamera, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._camera = camera
        self._reader = reader
        self._writer = writer
        self._packetizer = Packetizer(ssrc=0x7A6B7400 + camera.connections)

    async def serve(self) -> None:
        """Answer requests until the client leaves or a fault ends the connection."""
        if self._camera.fault is Fault.SILENT:
            await self._reader.read()  # until the client gives up
            return
        player: asyncio.Task[None] | None = None
        async with asyncio.TaskGroup() as group:
            while (request := await self._request()) is not None:
                method, headers = request
                if not self._answer(method, headers):
                    continue
                if method == "PLAY" and player is None:
                    player = group.create_task(self._play())
                elif method == "TEARDOWN":
                    break
            if player is not None:
                player.cancel()

    async def _request(self) -> tuple[str, dict[str, str]] | None:
        """The next request's method and headers; None when the client has left."""
        while first := await self._reader.read(1):
            if first == b"$":  # the client's own RTCP
                _, size = struct.unpack(">BH", await self._reader.readexactly(3))
                await self._reader.readexactly(size)
                continue
            text = (first + await self._reader.readuntil(b"\r\n\r\n")).decode("utf-8", "replace")
            line, *rest = text.strip().split("\r\n")
            headers = {name.strip().lower(): value.strip() for name, _, value in (h.partition(":") for h in rest)}
            return line.split(" ")[0], headers
        return None

    def _answer(self, method: str, headers: dict[str, str]) -> bool:
        """Write the answer a camera would give, or none; True if the request was granted."""
        fault = self._camera.fault
        status, extra, body = "200 OK", [f"CSeq: {headers.get('cseq', '0')}"], ""
        if (method == "TEARDOWN" and fault is Fault.TEARDOWN_HANG) or (
            method == "DESCRIBE" and fault is Fault.DESCRIBE_HANG
        ):
            return False
        if method != "OPTIONS" and not self._allowed(method, headers.get("authorization", "")):
            status = "401 Unauthorized"
            extra.append(f'WWW-Authenticate: Digest realm="{_REALM}", nonce="{_NONCE}"')
        elif method == "DESCRIBE" and fault is Fault.NOT_FOUND:
            status = "404 Not Found"
        elif method == "DESCRIBE" and fault is Fault.REDIRECT:
            status = "302 Moved"
            extra.append(f"Location: {self._camera.redirect_to}")
        elif method == "OPTIONS":
            extra.append("Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN")
        elif method == "DESCRIBE":
            body = session_description(self._camera.feed.parameter_sets)
            extra += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
        elif method == "SETUP" and "interleaved" not in headers.get("transport", ""):
            status = "461 Unsupported Transport"
        elif method == "SETUP":
            extra += ["Transport: RTP/AVP/TCP;unicast;interleaved=0-1", "Session: 1;timeout=60"]
        else:
            extra.append("Session: 1")
        self._writer.write(("\r\n".join([f"RTSP/1.0 {status}", *extra]) + "\r\n\r\n" + body).encode())
        return status.startswith("200")

    def _allowed(self, method: str, authorization: str) -> bool:
        if self._camera.login is None:
            return True
        given = dict(re.findall(r'(\w+)="([^"]*)"', authorization))
        user, password = self._camera.login
        secret = _md5(f"{user}:{_REALM}:{password}")
        question = _md5(f"{method}:{given.get('uri', '')}")
        wanted = _md5(f"{secret}:{_NONCE}:{question}")
        return given.get("username") == user and given.get("response") == wanted

    async def _play(self) -> None:
        camera, report_at, sent = self._camera, 0.0, 0
        if camera.fault is Fault.PLAY_NOTHING:
            return
        async with contextlib.aclosing(camera.feed.units()) as units:
            async for unit in units:
                if sent >= camera.after_frames and camera.fault is not Fault.NONE:
                    await self._suffer(camera.fault)
                if self._writer.transport.get_write_buffer_size() > _SLOW_CLIENT_BYTES:
                    continue
                now_s = camera.clock.now()
                if camera.sender_reports and now_s >= report_at:
                    self._writer.write(self._packetizer.sender_report(now_s))
                    report_at = now_s + _REPORT_S
                self._writer.write(self._packetizer.interleaved(unit))
                sent += 1

    async def _suffer(self, fault: Fault) -> None:
        """Do what the fault says; the connection may be gone, or nothing may come any more, afterwards."""
        if fault in _SHIFT_S:
            self._packetizer.shift_s = _SHIFT_S[fault]
        elif fault is Fault.TS_STILL:
            self._packetizer.still = True
        elif fault is Fault.FIN:
            self._writer.close()
            raise ConnectionAbortedError("the script ends the connection here")
        elif fault is Fault.RST:
            plug: socket.socket = self._writer.get_extra_info("socket")
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._writer.transport.abort()
            raise ConnectionAbortedError("the script ends the connection here")
        while self._camera.fault is fault and fault in {Fault.VIDEO_STOP, Fault.RTCP_ONLY}:
            if fault is Fault.RTCP_ONLY:
                self._writer.write(self._packetizer.sender_report(self._camera.clock.now()))
            await self._camera.clock.sleep(0.5)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
