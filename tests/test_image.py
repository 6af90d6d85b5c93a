"""The image: what its Dockerfile says, what reaches the builder, what is told to be in it; also built and run, in the
full tests."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatchcase
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).parents[1]
TARGETS = ("cpu", "cuda")


def stages(text: str) -> dict[str, list[tuple[str, str]]]:
    """The instructions of each stage with those of the stages that it builds on."""
    found: dict[str, list[tuple[str, str]]] = {}
    current: list[tuple[str, str]] = []
    for line in re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            current = found[name] = list(found.get(base, []))
        elif word and found:
            current.append((word, rest.strip()))
    return found


STAGES = stages((ROOT / "Dockerfile").read_text())


def last(target: str, word: str) -> str:
    return [rest for one, rest in STAGES[target] if one == word][-1]


def run(*command: str | Path, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    env = os.environ | (environment or {})
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_hadolint_finds_nothing_wrong() -> None:
    program = Path(sys.executable).with_name("hadolint")
    done = run(program, ROOT / "Dockerfile")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("target", TARGETS)
def test_it_runs_as_nobody_in_particular_below_an_init(target: str) -> None:
    assert last(target, "USER") == "10001:10001"
    assert json.loads(last(target, "ENTRYPOINT")) == ["tini", "--", "takt"]
    assert json.loads(last(target, "CMD")) == ["run", "/etc/takt/takt.yaml"]
    assert last(target, "STOPSIGNAL") == "SIGTERM"
    assert last(target, "WORKDIR") == "/var/lib/takt"


@pytest.mark.parametrize("target", TARGETS)
def test_its_health_check_is_a_question_to_the_service(target: str) -> None:
    program, flag, code = json.loads(last(target, "HEALTHCHECK").partition("CMD ")[2])
    assert (program, flag) == ("python3", "-c")
    ast.parse(code)
    assert "http://127.0.0.1:9464/livez" in code


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_that_builds_is_in_it(target: str) -> None:
    """Packages are installed in stages that are left behind; only their environment is taken over."""
    runs = " ".join(rest for word, rest in STAGES[target] if word == "RUN")
    assert not re.search(r"\b(pip|gcc|g\+\+|build-essential|python3-venv|[\w-]+-dev)\b", runs)
    assert [rest for word, rest in STAGES[target] if word == "COPY"] == [f"--from=build-{target} /opt/takt /opt/takt"]
    assert "pip uninstall -q -y pip setuptools" in last(f"build-{target}", "RUN")
    assert not any(word == "ARG" for word, _ in STAGES[target])  # where packages came from is told to nobody


def test_both_targets_are_of_one_architecture_no_more_than_debian_is() -> None:
    assert not re.search(r"amd64|x86_64|arm64|aarch64", (ROOT / "Dockerfile").read_text())
    assert "PIP_ONLY_BINARY=:all:" in last("build-cpu", "ENV")  # a wheel that is missing ends the build


def sent(path: str, patterns: list[str]) -> bool:
    """Whether a file reaches the builder: the last pattern that fits it, or a folder above it, decides."""
    heres = list(accumulate(path.split("/"), lambda above, name: f"{above}/{name}"))
    kept = True
    for pattern in patterns:
        wanted = pattern.removeprefix("!")
        fits = any(
            fnmatchcase(here, wanted) and here.count("/") == wanted.count("/")
            if "**/" not in wanted
            else fnmatchcase(here.rpartition("/")[2], wanted.removeprefix("**/"))
            for here in heres
        )
        kept = pattern.startswith("!") if fits else kept
    return kept


def test_only_what_it_is_made_of_reaches_the_builder() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    copied = {
        name
        for stage in STAGES.values()
        for word, rest in stage
        if word == "COPY" and not rest.startswith("--from")
        for name in rest.split()[:-1]
    }
    assert {"streamer", "recognizers", "pyproject.toml", "constraints.txt"} <= copied
    for name in copied:
        inside = f"{name}/__init__.py" if (ROOT / name).is_dir() else name
        assert sent(inside, patterns), name
    assert sent("recognizers/weights/cell.safetensors", patterns)
    for name in (
        ".git/config", ".venv/bin/python", "data/cell.mp4", "tests/test_image.py", "config/compose/takt.yaml", ".env",
        "scripts/stand-in-base", "streamer/__pycache__/wire.pyc", "recognizers/.cache", "cam4.password", "helm/x.yaml",
    ):  # fmt: skip
        assert not sent(name, patterns), name


def test_compose_runs_the_image_as_it_is() -> None:
    service = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())["services"]["takt"]
    assert service["build"] == {"context": ".", "target": "cpu"}
    assert service["command"] == json.loads(last("cpu", "CMD"))
    assert service["user"] == last("cpu", "USER")


def test_its_extras_are_extras_of_the_package() -> None:
    extras = next(rest for word, rest in STAGES["build-cpu"] if word == "ARG" and rest.startswith("EXTRAS="))
    done = run(ROOT / "scripts/requirements", extras.removeprefix("EXTRAS="))
    wanted = done.stdout.splitlines()
    assert any(line.startswith("torch>=") for line in wanted)
    assert any(line.startswith("aiortc") for line in wanted)
    assert not any(line.startswith("pytest") for line in wanted)
    refused = run(ROOT / "scripts/requirements", "webrct")
    assert refused.returncode == 1
    assert "webrct is no extra; there are demo" in refused.stderr


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    status = tmp_path_factory.mktemp("dpkg") / "status"
    status.write_text(
        "Package: tini\nStatus: install ok installed\nVersion: 0.19.0-1\nArchitecture: arm64\n"
        "Description: a tiny init\n Status: of no package\n\n"
        "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\nArchitecture: all\n"
    )
    done = run(sys.executable, ROOT / "scripts/sbom", status)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_its_bill_is_as_cyclonedx_wants_it(bill: dict[str, Any]) -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(json.dumps(bill)) is None
    assert validator.validate_str(json.dumps(bill | {"components": [{"name": "x"}]})) is not None


def test_its_bill_names_packages_of_python_and_debian_and_what_is_within_them(bill: dict[str, Any]) -> None:
    purls = {one["purl"] for one in bill["components"]}
    assert bill["metadata"]["component"]["name"] == "taktstream"
    assert "pkg:deb/debian/tini@0.19.0-1?arch=arm64" in purls
    assert not any("gone" in one for one in purls)
    names = {one["name"] for one in bill["components"]}
    assert {"torch", "av", "paho-mqtt", "ffmpeg", "libavcodec"} <= names
    assert len(purls) == len(bill["components"])


def test_headers_and_test_programs_of_torch_stay_behind(tmp_path: Path) -> None:
    torch = tmp_path / "lib/python3.11/site-packages/torch"
    for name in (
        "include/torch.h",
        "bin/torch_shm_manager",
        "bin/test_api",
        "lib/libtorch.so",
        "test/some",
        "nn/__init__.py",
    ):
        (torch / name).parent.mkdir(parents=True, exist_ok=True)
        (torch / name).touch()
    assert run(ROOT / "scripts/lean", tmp_path).returncode == 0
    left = {str(path.relative_to(torch)) for path in torch.rglob("*") if path.is_file()}
    assert left == {"bin/torch_shm_manager", "lib/libtorch.so", "nn/__init__.py"}


def test_where_packages_come_from_is_told_to_the_builder_alone(tmp_path: Path) -> None:
    builder = tmp_path / "bin" / "buildah"
    builder.parent.mkdir()
    builder.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    builder.chmod(0o755)
    (tmp_path / "ca.pem").touch()
    done = run(
        ROOT / "scripts/build-image", "cuda",
        environment={
            "PATH": f"{builder.parent}:{os.environ['PATH']}", "PIP_FIND_LINKS": str(tmp_path),
            "PIP_CERT": str(tmp_path / "ca.pem"), "PIP_INDEX_URL": "https://packages.example/simple",
        },
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    asked = done.stdout.splitlines()
    version = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert asked[asked.index("--tag") + 1] == f"taktstream:{version[1]}-cuda"
    assert asked[asked.index("--target") + 1] == "cuda"
    assert {"PIP_INDEX_URL=https://packages.example/simple", "PIP_CERT=/run/certificates.pem"} <= set(asked)
    assert f"{tmp_path}:{tmp_path}:ro" in asked
    labels = [one for before, one in pairwise(asked) if before == "--label"]
    assert f"org.opencontainers.image.version={version[1]}" in labels
    assert not any("packages.example" in one for one in labels)


@pytest.mark.full
@pytest.mark.timeout(2400)
def test_it_is_built_and_works_with_the_fewest_rights() -> None:
    """Minutes: on a base of Debian's packages where no registry of images is reached. Shows size and start time."""
    missing = [name for name in ("buildah", "podman", "runc", "debootstrap") if shutil.which(name) is None]
    if missing or os.getuid() != 0:
        pytest.skip(f"needs root, buildah, podman, runc and debootstrap; missing: {', '.join(missing) or 'root'}")
    own = os.environ | {
        "BUILDAH_ISOLATION": "chroot",
        "CONTAINER": "podman --runtime runc --cgroup-manager cgroupfs",
        "RUN_OPTIONS": "--network host --no-healthcheck --ulimit nofile=4096:4096 --ulimit nproc=4096:4096",
    }
    name = "localhost/taktstream:test"
    try:
        for script, *arguments in (("stand-in-base",), ("build-image", "cpu", name), ("try-image", name)):
            command = [ROOT / "scripts" / script, *arguments]
            done = subprocess.run(command, env=own, capture_output=True, text=True, check=False)
            print(done.stdout[-2000:])
            assert done.returncode == 0, done.stderr[-2000:]
    finally:
        subprocess.run(
            ["buildah", "rmi", name], env=own | {"STORAGE_DRIVER": "overlay"}, capture_output=True, check=False
        )
    told = json.loads(done.stdout.splitlines()[-1].removeprefix("demo"))["summary"]
    assert told["right"] >= 1
