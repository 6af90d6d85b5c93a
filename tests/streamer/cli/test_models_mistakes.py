"""Mistakes on the command line of `takt models` are told in a line, whatever was given."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from streamer.cli import main
from tests.recognizers.mirrors import CONTENT, SHA256, Mirror, serving
from tests.recognizers.pictures import CRNN, write


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("TAKT_MIRROR", raising=False)
    return tmp_path / "cache" / "takt" / "models"


class Hostile(Mirror):
    """Says odd things."""

    def _of_endless_length(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "9" * 5000)
        self.end_headers()
        self.wfile.write(CONTENT)
        self.close_connection = True

    def _obeyed(self) -> None:
        self.send_response(404, "\x1b[31mno\0")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self.path = self.path.partition("?")[0]
        super().do_GET()


@pytest.fixture(scope="module")
def hostile() -> Iterator[str]:
    yield from serving(ThreadingHTTPServer(("127.0.0.1", 0), Hostile), "http")


def problem(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["models", *words, "--json"]) == 1
    told = capsys.readouterr()
    assert "\x1b" not in told.err
    return str(json.loads(told.out)["problem"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", ""], "no model ''; give the path of a checkpoint"),
        (["show", "x" * 300], "; give the path of a checkpoint"),
        (["show", "bundled:" + "x" * 300], "ships with this package; there are: bundled:cell"),
        (
            ["show", "two_stream_small", "--crop-px", "1"],
            "cannot look at pictures of 1 x 1 pixels; give another crop_px",
        ),
        (["show", "bundled:cell", "--crop-px", "64"], "crop_px: bundled:cell says it itself"),
        (
            ["show", "crnn_small", "--runtime", "openvino"],
            "openvino runs slowfast, slow_only, c2d, i3d, x3d, not a crnn",
        ),
        (["list", "--kind", "nope"], "--kind nope: no model of such a kind has a name; there are c2d, crnn"),
    ],
    ids=range(7),
)
def test_what_cannot_be_shown_is_told(capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    assert said in problem(capsys, *words)


def test_a_checkpoint_is_never_measured_by_what_does_not_run_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = write(tmp_path / "net.safetensors", "crnn", CRNN)
    assert "not a crnn; leave it out" in problem(capsys, "show", str(path), "--runtime", "openvino")


def test_a_pipe_is_not_waited_for(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "a device, a pipe or a socket, no file" in problem(capsys, "show", str(tmp_path / "pipe"))


@pytest.mark.parametrize("words", [["--crop-px", "0"], ["--crop-px", "-5"], ["--threads", "0"], ["--threads", "65"]])
def test_numbers_out_of_range_are_wrong_usage(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(["models", "show", "slowfast_small", *words])
    assert "must be a whole number from 1 to" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("{}/ä.bin", "write others as in %C3%A4"),
        ("{}/a b", "an address has no spaces"),
        ("http://" + "a" * 70 + ".invalid/x", "the address must be http"),
        ("http://127.0.0.1:99999/x", "the address must be http"),
        ("{}/", "names no file; give the address of one"),
        ("{}/..", "names no file; give the address of one"),
        ("{}/obeyed", "the server says 404"),
    ],
    ids=range(7),
)
def test_addresses_that_are_none_and_odd_servers_are_told(
    capsys: pytest.CaptureFixture[str], hostile: str, address: str, said: str
) -> None:
    assert said in problem(capsys, "get", address.format(hostile), "--sha256", SHA256)


def test_a_size_of_thousands_of_digits_is_none(hostile: str, cache: Path) -> None:
    assert main(["models", "get", f"{hostile}/of-endless-length", "--sha256", SHA256]) == 0
    assert (cache / "of-endless-length").read_bytes() == CONTENT


def test_what_comes_after_the_path_names_no_file(capsys: pytest.CaptureFixture[str], hostile: str, cache: Path) -> None:
    assert main(["models", "get", f"{hostile}/good?x=/../../evil", "--sha256", SHA256]) == 0
    assert [path.name for path in cache.iterdir()] == ["good"]
    assert f"{cache / 'good'} from {hostile}/good?x=/../../evil" in capsys.readouterr().out


def test_it_says_where_it_came_from_when_a_mirror_takes_the_place(
    capsys: pytest.CaptureFixture[str], hostile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAKT_MIRROR", hostile)
    assert main(["models", "get", "http://example.invalid/good", "--sha256", SHA256]) == 0
    assert f" from {hostile}/good\n" in capsys.readouterr().out


def test_a_pipe_is_not_replaced(capsys: pytest.CaptureFixture[str], hostile: str, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    said = problem(capsys, "get", f"{hostile}/good", "--sha256", SHA256, "--out", str(pipe))
    assert "a device, a pipe or a socket, no file" in said
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_paths_are_shown_as_they_are(capsys: pytest.CaptureFixture[str], hostile: str, tmp_path: Path) -> None:
    out = tmp_path / "[bold]x[red]"
    assert main(["models", "get", f"{hostile}/good", "--sha256", SHA256, "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"{out} from {hostile}/good\n"
