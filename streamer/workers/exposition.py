"""One exposition made of those of several processes. Pure; see Prometheus, exposition formats, text 0.0.4."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (\S+(?: \S+)?)$")
LABEL = "worker"


def together(expositions: Mapping[str, bytes]) -> bytes:
    """Every sample of each process, with the label `worker` in front; each family once, with what is said of it first.

    Nothing is summed: a counter of a process that ended would take its share with it, and the sum run backwards.
    """
    heads: dict[str, list[str]] = {}
    samples: dict[str, list[str]] = {}
    for worker, text in expositions.items():
        family = ""
        said: dict[str, list[str]] = {}
        for line in text.decode().splitlines():
            if line.startswith("# "):
                family = line.split(" ", 3)[2]
                said.setdefault(family, []).append(line)
            elif (found := _SAMPLE.match(line)) is not None:
                samples.setdefault(family, []).append(_labelled(found, worker))
        for name, lines in said.items():
            heads.setdefault(name, lines)
    return "".join(f"{line}\n" for name, head in heads.items() for line in [*head, *samples.get(name, [])]).encode()


def _labelled(sample: re.Match[str], worker: str) -> str:
    name, labels, value = sample.groups()
    rest = "" if labels is None or labels == "{}" else f",{labels[1:-1]}"
    return f'{name}{{{LABEL}="{worker}"{rest}}} {value}'
