"""A small plant on disk: a film that blinks, a network that sees brightness, and a configuration of both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from streamer.testing.film import write_film
from tests.e2e.networks import SPEC, brightness

FPS = 25
AT_ONCE = "events: {default: {smooth_s: 0, release_s: 0}}"


def blinking_film(path: Path, seconds: int = 4) -> Path:
    """Bright and dark in turn, a second each, beginning bright."""
    pictures = (np.full((96, 128, 3), 230 if n // FPS % 2 == 0 else 20, np.uint8) for n in range(seconds * FPS))
    return write_film(path, pictures, FPS)


def write_plant(folder: Path, sources: dict[str, str], more: str = "", mode: str = "window") -> Path:
    """A configuration with a watch on each source (by stream; YAML), on a free port; `more` sections may follow."""
    network = brightness(folder / "light.safetensors", replace(SPEC, hop_s=0.16), causal=mode == "stream")
    how = "" if mode == "window" else f", mode: {mode}"
    streams = "".join(
        f"  - {{id: {name}, source: {source}, watches: [{{id: bench, recognizer: light, {AT_ONCE}}}]}}\n"
        for name, source in sources.items()
    )
    file = folder / "plant.yaml"
    file.write_text(
        f"data_dir: {folder}/data\nhttp: {{port: 0}}\nrecognizers: {{light: {{checkpoint: {network}{how}}}}}\n"
        f"streams:\n{streams}{more}"
    )
    return file
