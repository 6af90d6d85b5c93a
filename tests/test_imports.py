"""What starts without torch: it takes seconds to import, and nobody waits for it who only asks a question."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.streamer.settings.files import VALID, write_card

HEAVY = ("torch", "safetensors", "recognizers.models", "recognizers.build")

PROGRAM = """
import sys
{code}
loaded = [name for name in {heavy} if name in sys.modules]
assert not loaded, loaded
"""
COMMAND = (
    "from streamer.cli import main\ntry:\n    code = main({0})\nexcept SystemExit as ended:\n    code = ended.code\n"
)


WITHOUT_SETUPTOOLS = """
import sys
sys.modules["setuptools"] = None  # whoever imports it fails
import recognizers.runtimes.choice, recognizers.runtimes.gpu, streamer.service
"""


def run(code: str) -> None:
    """Raises where the code fails or leaves something heavy loaded."""
    subprocess.run([sys.executable, "-c", PROGRAM.format(code=code, heavy=HEAVY)], check=True, timeout=60)


@pytest.mark.parametrize(
    "module",
    ["streamer.outbox", "streamer.delivery", "streamer.settings", "streamer.sources.libav", "recognizers.kinds"],
)
def test_a_module_leaves_torch_alone(module: str) -> None:
    run(f"import {module}")


def test_who_watches_over_workers_leaves_to_them_what_is_heavy() -> None:
    """A supervisor has no networks and no cameras: neither torch nor FFmpeg nor aiortc is in its memory."""
    run(
        "import streamer.cli.run, streamer.signals, streamer.workers.supervisor\n"
        "assert not {'av', 'aiortc', 'onnxruntime', 'cv2', 'paho'} & set(sys.modules)"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["run", "--help"],
        ["version"],
        ["schema"],
        ["check", "/nowhere"],
        ["run", "/nowhere"],
        ["probe", "/nowhere"],
    ],
    ids=" ".join,
)
def test_a_command_leaves_torch_alone(arguments: list[str]) -> None:
    run(COMMAND.format(arguments))


def test_a_check_leaves_torch_alone_and_takes_a_moment(tmp_path: Path) -> None:
    """It knows the actions of a checkpoint all the same. A moment: two seconds of the processor's time."""
    card = write_card(tmp_path / "cell.safetensors")
    file = tmp_path / "cell.yaml"
    file.write_text(VALID.replace("CHECKPOINT", str(card)).replace("cell}", "cell, events: {tighten: {on: 0.7}}}"))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(COMMAND.format(["check", str(file)]) + "assert code == 0\n")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2.0


def test_a_service_starts_without_setuptools() -> None:
    """Which an environment need not have, nor an image; there are libraries that want it once they are imported."""
    done = subprocess.run([sys.executable, "-c", WITHOUT_SETUPTOOLS], check=False, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()


def test_the_law_can_be_broken() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        run("import recognizers.build")
