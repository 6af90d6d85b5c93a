"""OpenVINO's way through the network gives the network's own answers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from recognizers.build import build_recognizer
from recognizers.errors import CheckpointMismatch, DeviceFailed
from recognizers.models.slowfast import SlowFastSize, slowfast_small
from recognizers.runtimes.choice import after_stems
from recognizers.runtimes.folded import FoldedSlowFast
from recognizers.runtimes.openvino import Compiled, OpenVinoStages
from tests.recognizers.networks import CAUSAL, TINY, random_slowfast, write_random

MEAN, STD = (0.45, 0.4, 0.35), (0.225, 0.25, 0.275)
DEEP = SlowFastSize(frames=4, alpha=2, beta_inv=8, width=8, depths=(2, 1, 3, 1), fusion_kernel=7)


@pytest.mark.parametrize("side", [33, 64, 256])
@pytest.mark.parametrize("size", [TINY, slowfast_small(), DEEP], ids=["tiny", "small", "deep"])
@torch.inference_mode()
def test_it_answers_as_torch_does(size: SlowFastSize, side: int) -> None:
    network = random_slowfast(size)
    pictures = torch.randint(0, 256, (2, size.frames, 3, side, side), dtype=torch.uint8)
    folded = FoldedSlowFast(network, MEAN, STD).eval()
    wanted = folded(pictures)
    folded.by_clip = after_stems(network, folded, side, "openvino", threads=1)
    assert folded.by_clip is not None
    assert (folded(pictures) - wanted).abs().max() < 1e-4 * wanted.abs().max().clamp(min=1)


def test_torch_is_taken_where_it_is_asked_for() -> None:
    network = random_slowfast(TINY)
    folded = FoldedSlowFast(network, MEAN, STD).eval()
    assert after_stems(network, folded, 32, "torch", threads=1) is None


def test_where_it_says_something_else_auto_takes_torch_and_tells(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    network = random_slowfast(TINY)
    folded = FoldedSlowFast(network, MEAN, STD).eval()
    asked: list[object] = []

    def off(self: OpenVinoStages, slow: torch.Tensor, fast: torch.Tensor) -> torch.Tensor:
        asked.append(self)
        return folded.decide([(slow, fast)]) + 0.01

    monkeypatch.setattr(OpenVinoStages, "__call__", off)
    with caplog.at_level("INFO"):
        assert after_stems(network, folded, 32, "auto", threads=1) is None
    assert asked
    assert "openvino is left out: it says something else than torch" in caplog.text


@pytest.mark.parametrize(
    ("error", "mode"),
    [(CheckpointMismatch("no such operation"), "window"), (RuntimeError("it cannot be traced"), "stream")],
    ids=["whole clips", "an endless clip"],
)
def test_a_network_that_it_cannot_run_is_left_to_torch_where_it_was_not_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception, mode: str
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(Compiled, "__init__", fails)
    checkpoint = write_random(tmp_path / "random.safetensors", CAUSAL)
    with caplog.at_level("INFO"):
        build_recognizer("slowfast", checkpoint, {"runtime": "auto", "mode": mode})
    assert f"openvino is left out: {error}" in caplog.text
    with pytest.raises(type(error), match=str(error)):
        build_recognizer("slowfast", checkpoint, {"runtime": "openvino", "mode": mode})


class Bessel(torch.nn.Module):
    """What OpenVINO has no operation for."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.special.bessel_j0(x)


def test_what_it_raises_is_told_in_our_words() -> None:
    with pytest.raises(CheckpointMismatch, match=r"OpenVINO cannot run this network \(.+\); take runtime: torch"):
        Compiled(Bessel(), (torch.zeros(1, 4),), threads=1)
    with pytest.raises(DeviceFailed, match="OpenVINO failed: "):
        Compiled(torch.nn.Linear(4, 2), (torch.zeros(1, 4),), threads=1)(torch.zeros(1, 5))


def test_where_it_is_not_installed_auto_takes_torch_and_asking_for_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = write_random(tmp_path / "random.safetensors")
    for module in ("recognizers.build", "recognizers.runtimes.choice"):
        monkeypatch.setattr(f"{module}.is_installed", lambda: False)
    build_recognizer("slowfast", checkpoint, {"runtime": "auto"})
    with pytest.raises(CheckpointMismatch, match="pip install"):
        build_recognizer("slowfast", checkpoint, {"runtime": "openvino"})


REPORTING = """
import os, sys
os.register_at_fork(before=lambda: print("forks"))
from recognizers.build import build_recognizer
build_recognizer("slowfast", sys.argv[1], {"runtime": "openvino"})
print(sorted(name for name, module in sys.modules.items() if module and name.startswith("openvino_telemetry")))
"""


def test_it_reports_to_nobody(tmp_path: Path) -> None:
    """Its telemetry would be sent from a forked process."""
    checkpoint = write_random(tmp_path / "random.safetensors")
    command = [sys.executable, "-c", REPORTING, str(checkpoint)]
    assert subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout == "[]\n"


SIGNALLED = """
import gc, os, signal, sys
from recognizers.build import build_recognizer
heard = []
signal.signal(signal.SIGTERM, lambda *_: heard.append("heard"))
first, second = (build_recognizer("slowfast", sys.argv[1], {"runtime": "openvino"}) for _ in range(2))
del first
gc.collect()
del second
gc.collect()
more = [bytearray(1 << 20) for _ in range(64)]  # takes whatever memory became free
os.kill(os.getpid(), signal.SIGTERM)
print(*heard)
"""


def test_signals_are_heard_when_networks_came_and_went(tmp_path: Path) -> None:
    checkpoint = write_random(tmp_path / "random.safetensors")
    command = [sys.executable, "-c", SIGNALLED, str(checkpoint)]
    assert subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout == "heard\n"
