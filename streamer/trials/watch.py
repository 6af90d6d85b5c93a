"""A checkpoint as a watch of the service, for recordings."""

from __future__ import annotations

from recognizers.recognizer import Recognizer
from streamer.build import build_models, build_watches
from streamer.settings import settings_of
from streamer.stages import Watch

NAME = "tried"


def watch_of(checkpoint: str, kind: str, threads: int) -> tuple[Watch, Recognizer]:
    """With the rules that a configuration has which says none: the checkpoint's thresholds, where it has any.

    Raises:
        ConfigError: it cannot be loaded.
    """
    settings = settings_of(
        {
            "recognizers": {NAME: {"kind": kind, "checkpoint": checkpoint, "threads": threads}},
            "streams": [
                {
                    "id": "trial",
                    "source": {"kind": "file", "path": "trial"},
                    "watches": [{"id": "trial", "recognizer": NAME}],
                }
            ],
        }
    )
    models = build_models(settings, runtime="torch")
    (watch,) = build_watches(settings.streams[0], models)
    return watch, models[NAME].recognizer
