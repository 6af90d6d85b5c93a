"""A published file comes whole and unchanged, or not at all; whatever the server does."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from recognizers.errors import DownloadFailed
from recognizers.fetch import fetch, is_whole
from tests.recognizers.mirrors import CONTENT, SHA256, Mirror, serving


@pytest.fixture(scope="module")
def mirror() -> Iterator[str]:
    yield from serving(ThreadingHTTPServer(("127.0.0.1", 0), Mirror), "http")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 127.0.0.1, by itself."""
    folder = tmp_path_factory.mktemp("tls")
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names]
    subprocess.run(
        [*command, "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True
    )
    return folder


@pytest.fixture(scope="module")
def secure(certificate: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    yield from serving(server, "https")


def got(url: str, target: Path, size: int | None = len(CONTENT)) -> list[tuple[int, int | None]]:
    ticks: list[tuple[int, int | None]] = []
    fetch(url, target, SHA256, size, lambda there, of: ticks.append((there, of)))
    return ticks


@pytest.mark.parametrize("path", ["good", "of-unknown-length", "elsewhere"])
@pytest.mark.parametrize("size", [len(CONTENT), None])
def test_a_file_comes_whole_and_says_how_far_it_is(mirror: str, tmp_path: Path, path: str, size: int | None) -> None:
    target = tmp_path / "new" / "model.onnx"
    ticks = got(f"{mirror}/{path}", target, size)

    assert target.read_bytes() == CONTENT
    assert is_whole(target, SHA256.upper())
    assert [path.name for path in target.parent.iterdir()] == ["model.onnx"]
    assert target.stat().st_mode & 0o777 == 0o644
    assert ticks[0][0] == 0
    assert ticks[-1][0] == len(CONTENT)
    assert len(ticks) > 2
    assert {of for _, of in ticks} <= {len(CONTENT), None}


@pytest.mark.parametrize(
    ("path", "size", "said"),
    [
        ("changed", len(CONTENT), "is not the file that was published: its SHA-256 is .* take another mirror"),
        ("cut-short", len(CONTENT), f"ended after 100000 of {len(CONTENT)} bytes; try again"),
        ("cut-short", None, f"ended after 100000 of {len(CONTENT)} bytes"),
        ("cut-short-of-unknown-length", len(CONTENT), f"ended after 100000 of {len(CONTENT)} bytes"),
        ("cut-short-of-unknown-length", None, "is not the file that was published"),
        ("too-long", len(CONTENT), f"has {len(CONTENT) + 4} bytes instead of {len(CONTENT)}"),
        ("endless", len(CONTENT), f"has more than {len(CONTENT)} bytes"),
        ("nowhere", None, "the server says 404 Not Found; check the address"),
        ("failing", None, "the server says 503 Busy"),
        ("in-circles", None, "redirect"),
        ("to-a-file", None, "is not allowed"),
    ],
)
def test_anything_else_is_refused_and_what_was_there_stays(
    mirror: str, tmp_path: Path, path: str, size: int | None, said: str
) -> None:
    target = tmp_path / "model.onnx"
    target.write_text("the one before")

    with pytest.raises(DownloadFailed, match=said):
        got(f"{mirror}/{path}", target, size)

    assert [one.name for one in tmp_path.iterdir()] == ["model.onnx"]
    assert target.read_text() == "the one before"
    assert not is_whole(target, SHA256)


def test_a_server_that_is_not_there_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match=r"cannot be reached \(.*refused.*\); try again, give a mirror, or put"):
        got("http://127.0.0.1:1/good", tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://host/model", "model.onnx", "http://", "https://me:word@host/m", "http://[::1"]
)
def test_only_addresses_of_the_web_without_a_password_are_taken(tmp_path: Path, url: str) -> None:
    with pytest.raises(DownloadFailed, match=r"must be http\(s\)://host") as refused:
        got(url, tmp_path / "model.onnx")
    assert "word" not in str(refused.value).partition("without")[0]


def test_a_certificate_must_be_trusted(secure: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match=r"cannot be reached .*certificate verify failed"):
        got(f"{secure}/good", tmp_path / "model.onnx")


def test_with_a_trusted_certificate_it_comes_and_never_goes_on_in_plain_text(
    secure: str, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    target = tmp_path / "model.onnx"
    got(f"{secure}/elsewhere", target)
    assert is_whole(target, SHA256)

    with pytest.raises(DownloadFailed, match="without TLS; take another mirror"):
        got(f"{secure}/to-plain-text", target)


def test_a_disk_that_takes_no_more_says_so_itself(mirror: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError, match="file"):
        got(f"{mirror}/good", tmp_path / "file" / "model.onnx")
    assert not is_whole(tmp_path / "nothing", SHA256)
