"""The chart as helm renders it."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm" / "taktstream"
SETS = sorted(path.name.removesuffix("-values.yaml") for path in (CHART / "ci").glob("*-values.yaml"))
"""Of values, each for another way to use it."""
Manifest = dict[str, Any]


def helm(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("helm")
    assert program.exists(), "helm is missing: scripts/install-helm .venv"
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False)


def values(name: str) -> Path:
    return CHART / "ci" / f"{name}-values.yaml"


@cache
def rendered(name: str, *more: str) -> tuple[Manifest, ...]:
    """Every manifest of a set of values; `more`: helm's further arguments."""
    done = helm("template", "cell", CHART, "--namespace", "line-4", "--values", values(name), *more)
    assert done.returncode == 0, done.stderr
    return tuple(one for one in yaml.safe_load_all(done.stdout) if one)


def refused(name: str, *more: str) -> str:
    """What helm says where values are wrong."""
    done = helm("template", "cell", CHART, "--values", values(name), *more)
    assert done.returncode != 0, "helm took it"
    return done.stderr


def of_kind(kind: str, manifests: tuple[Manifest, ...]) -> list[Manifest]:
    return [one for one in manifests if one["kind"] == kind]


def the(kind: str, manifests: tuple[Manifest, ...]) -> Manifest:
    """The only one of its kind."""
    (one,) = of_kind(kind, manifests)
    return one


def pods(manifests: tuple[Manifest, ...]) -> list[Manifest]:
    """The spec of every pod that comes of them."""
    inside = [one["spec"]["template"]["spec"] for one in of_kind("StatefulSet", manifests)]
    return inside + [one["spec"] for one in of_kind("Pod", manifests)]


def part(kind: str, component: str, manifests: tuple[Manifest, ...]) -> Manifest:
    """Of its kind, the one that selects this component: `service`, or `worker` of a cluster."""
    (one,) = [
        one
        for one in of_kind(kind, manifests)
        if one["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"] == component
    ]
    return one


def service_pod(manifests: tuple[Manifest, ...], component: str = "service") -> Manifest:
    pod: Manifest = part("StatefulSet", component, manifests)["spec"]["template"]["spec"]
    return pod


def config_map(manifests: tuple[Manifest, ...]) -> dict[str, str]:
    """The files of the configuration."""
    (found,) = [one["data"] for one in of_kind("ConfigMap", manifests) if "takt.yaml" in one["data"]]
    files: dict[str, str] = found
    return files
