"""Connect to a camera and say what it really delivers, or why it does not and what to do."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import asdict
from pathlib import Path

from streamer.cli.output import Output, Part
from streamer.errors import ConfigError
from streamer.settings.values import check_address
from streamer.sources.address import Address
from streamer.sources.peer_probe import probe_whep
from streamer.sources.probe import ProbeReport, probe
from streamer.sources.signalling import Endpoint
from streamer.sources.webrtc import HAS_AIORTC, MISSING

EXAMPLES = """example: takt probe rtsp://192.168.1.20/main --credentials-file cam.txt
         takt probe --whep http://media:8889/cam6/whep --token-file cam6.txt"""


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("url", metavar="URL", help="rtsp(s)://, http(s):// or a file")
    command.add_argument("--seconds", type=_seconds, default=5.0, help="how long to look (default 5, at most 3600)")
    command.add_argument("--transport", choices=["tcp", "udp"], default="tcp", help="how RTP travels (default tcp)")
    command.add_argument("--credentials-file", type=Path, help="a file with one line user:password")
    command.add_argument("--whep", action="store_true", help="the address is a media server's that plays by WebRTC")
    command.add_argument("--token-file", type=Path, help="of --whep: a file that holds the server's token")
    command.add_argument("--ca-file", type=Path, help="certificates to trust besides the machine's own")
    command.add_argument("--no-tls-verify", action="store_true", help="accept any certificate")


def main(arguments: argparse.Namespace, output: Output) -> int:
    report = asyncio.run(_whep(arguments) if arguments.whep else _camera(arguments))
    output.result({"ok": report.ok, **asdict(report)}, *_text(report))
    return 0 if report.ok else 1


async def _whep(arguments: argparse.Namespace) -> ProbeReport:
    if "/whip/" in arguments.url:
        raise ConfigError(["URL: a publisher's address (WHIP) plays nothing; give a WHEP address, or see takt run"])
    try:
        check_address(arguments.url, "http", "https")
    except ValueError as error:
        raise ConfigError([f"URL: {error}"]) from None
    if not HAS_AIORTC:
        raise ConfigError([MISSING])
    try:
        token = None if arguments.token_file is None else arguments.token_file.read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigError(["--token-file: cannot be read; give a text file that this user may read"]) from None
    endpoint = Endpoint(arguments.url, token, not arguments.no_tls_verify, arguments.ca_file)
    return await probe_whep(endpoint, arguments.seconds)


async def _camera(arguments: argparse.Namespace) -> ProbeReport:
    if arguments.token_file is not None:
        raise ConfigError(["--token-file: only with --whep; a camera's user and password go into --credentials-file"])
    if "://" in arguments.url:
        try:
            check_address(arguments.url, "rtsp", "rtsps", "http", "https")
        except ValueError as error:
            raise ConfigError([f"URL: {error}, or the path of a film"]) from None
    address = Address(
        arguments.url,
        transport=arguments.transport,
        credentials_file=arguments.credentials_file,
        ca_file=arguments.ca_file,
        tls_verify=not arguments.no_tls_verify,
    )
    return await probe(address, arguments.seconds)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 3600:
        raise ValueError(text)
    return seconds


def _text(report: ProbeReport) -> list[Part]:
    if not report.ok:
        failed = f"{report.url}: {report.reason} ({report.detail})"
        return [(failed, "red"), "\n", ("what to do:", "bold"), f" {report.advice}"]
    rows = {
        "codec": report.codec,
        "size": f"{report.width}x{report.height}",
        "rate": f"{_number(report.delivered_fps)} delivered, {_number(report.declared_fps)} declared (pictures/s)",
        "key frames": f"every {_number(report.keyframe_interval_s)} s",
        "transport": report.transport,
        "time source": report.time_source,
        "first picture": f"after {_number(report.first_picture_s)} s",
    }
    lines = "\n".join(f"  {name:14}{value}" for name, value in rows.items())
    advice: list[Part] = [(f"\n{report.advice}", "yellow")] if report.advice else []
    return [(report.url, "green"), f"\n{lines}", *advice]


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.2f}"
