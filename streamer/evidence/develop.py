"""A process that makes films and pictures for the service: `python -m streamer.evidence.develop [FastestDet.onnx]`.

It is asked over its standard input, answers over its standard output (`streamer.evidence.parcels`), leaves most of the
time to others, and ends when it is asked nothing any more, also when the service was killed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO, Any

from recognizers.estimators.fastestdet import FastestDet
from streamer.engine import step_back
from streamer.errors import ClipUnwritable
from streamer.evidence.developing import Developer, Here
from streamer.evidence.parcels import drawing_of, privacy_of, receive, seen_of, send
from streamer.media.decoding import Coded

NICENESS = 10
"""Beside a thread like any other on the same core it gets about a tenth of the time."""
UNSURE = 0.3
"""What is this sure to be somebody is hidden: rather too much than too little."""
MOST_PEOPLE = 64
"""In one picture."""


def serve(asked: IO[bytes], answers: IO[bytes], developer: Developer) -> None:
    """Answer for as long as something is asked."""
    while (one := receive(asked)) is not None:
        said, payload = one
        try:
            made = _made(said, payload, developer)
        except ClipUnwritable as error:
            send(answers, {"problem": str(error)})
        else:
            send(answers, {"problem": None}, made)


def _made(said: dict[str, Any], payload: bytes, developer: Developer) -> bytes:
    seen, privacy = seen_of(said["seen"], payload), privacy_of(said["privacy"])
    if said["drawing"] is not None:
        return developer.snapshot(seen, privacy, drawing_of(said["drawing"]))
    if not isinstance(seen, Coded):
        raise ClipUnwritable("a film is made of coded pictures")
    return developer.film(seen, privacy, said["said"])


def main(arguments: list[str]) -> None:
    step_back(NICENESS)
    detector = FastestDet(Path(arguments[0]), least=UNSURE, most=MOST_PEOPLE) if arguments else None
    serve(sys.stdin.buffer, sys.stdout.buffer, Here(detector))


if __name__ == "__main__":
    main(sys.argv[1:])
