"""Which build of torch is installed, and when: by `make`, with a virtual environment whose pip only notes what it is
asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CPU_WHEEL = "torch==1.2.3+cpu"
PYTHON = """#!/bin/bash
# A Python whose torch is the build named in the file `build`, and whose pip installs by naming another there.
cd "{folder}"
if [ "$1" = -c ]; then [ "$(cat build)" = cpu ]; exit; fi
[[ " $* " == *" --no-index "* && ! -e wheel ]] && exit 1
echo "${{@:4}}" >> asked
case "$*" in *torch===1.2.3) echo gpu > build ;; *--force-reinstall*torch==*) echo cpu > build ;; esac
"""


class Machine:
    """A checkout with a virtual environment in which nothing is installed yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "scripts").mkdir()
        for name in ("Makefile", "scripts/install-python", "pyproject.toml"):
            shutil.copy(ROOT / name, folder / name)
        (folder / "constraints.txt").write_text("numpy==1.0\ntorch==1.2.3\n")
        (folder / "build").touch()
        python = folder / ".venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(PYTHON.format(folder=folder))
        python.chmod(0o755)

    def make(self, *arguments: str) -> list[str]:
        """What pip was asked to install, by the demo's rule."""
        (self.folder / "asked").write_text("")
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "TORCH"))}
        takt = self.folder / ".venv" / "bin" / "takt"
        takt.write_text("#!/bin/sh\n")
        takt.chmod(0o755)
        subprocess.run(["make", "demo", *arguments], cwd=self.folder, env=plain, check=True, timeout=60)
        return [line.split(" constraints.txt ", 1)[1] for line in (self.folder / "asked").read_text().splitlines()]

    @property
    def build(self) -> str:
        return (self.folder / "build").read_text().strip()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


EDITABLE = "--editable .[demo,dev,openvino,flow,imagenet,pose,actors,huggingface,curves,validation,webrtc,tracing]"


def test_a_local_wheel_for_the_cpu_is_taken_where_there_is_one(machine: Machine) -> None:
    (machine.folder / "wheel").touch()
    asked = machine.make()
    assert asked == [f"--only-binary :all: --no-deps --force-reinstall --no-index {CPU_WHEEL}", "torch", EDITABLE]
    assert machine.build == "cpu"


def test_without_one_the_build_for_the_cpu_comes_from_its_own_index(machine: Machine) -> None:
    asked = machine.make("TORCH_CPU_INDEX=http://127.0.0.1:1/cpu")
    assert asked[0] == "--no-deps --force-reinstall --index-url http://127.0.0.1:1/cpu torch==1.2.3"
    assert machine.build == "cpu"


def test_for_a_gpu_the_build_without_a_suffix_is_taken_whatever_is_there(machine: Machine) -> None:
    """Only `===` refuses a build +cpu that is installed or lies about."""
    (machine.folder / "wheel").touch()
    machine.make()
    assert machine.make("TORCH=gpu") == ["torch===1.2.3", EDITABLE]
    assert machine.build == "gpu"


def test_a_choice_stays_until_another_is_made(machine: Machine) -> None:
    assert machine.make("TORCH=gpu") != []
    assert machine.make() == []
    assert machine.make("TORCH=gpu") == []
    assert machine.build == "gpu"
    assert machine.make("TORCH=cpu") != []
    assert machine.build == "cpu"
    assert machine.make() == []
    assert machine.make("TORCH=gpu") != []
    assert machine.build == "gpu"
