"""What the service and the process that makes its pictures hand to each other: a line of JSON and the pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from itertools import accumulate
from typing import IO, Any

import numpy as np

from recognizers.clip import Picture, Region
from streamer.evidence.drawing import Drawing
from streamer.evidence.privacy import Privacy
from streamer.media.decoding import Coded
from streamer.media.packets import CodedPicture


def send(to: IO[bytes], said: Mapping[str, object], payload: bytes = b"") -> None:
    """Write both. Raises OSError where nobody reads any more."""
    to.write(json.dumps({**said, "bytes": len(payload)}).encode() + b"\n")
    to.write(payload)
    to.flush()


def receive(sent: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    """What comes next; None where nothing does any more."""
    line = sent.readline()
    if not line.endswith(b"\n"):
        return None
    said: dict[str, Any] = json.loads(line)
    payload = sent.read(said["bytes"])
    return (said, payload) if len(payload) == said["bytes"] else None


def of_seen(seen: Coded | Picture) -> tuple[dict[str, object], bytes]:
    """Pictures as they are sent."""
    if not isinstance(seen, Coded):
        return {"shape": list(seen.shape)}, seen.tobytes()
    rows = [(one.pts, one.dts, one.is_key, len(one.data)) for one in seen.pictures]
    base = (seen.time_base.numerator, seen.time_base.denominator)
    said: dict[str, object] = {
        "codec": seen.codec,
        "extradata": seen.extradata.hex(),
        "time_base": base,
        "pictures": rows,
    }
    return said, b"".join(one.data for one in seen.pictures)


def seen_of(said: Mapping[str, Any], payload: bytes) -> Coded | Picture:
    """The inverse of `of_seen`."""
    if "shape" in said:
        return np.frombuffer(payload, np.uint8).reshape(said["shape"])
    ends = list(accumulate(length for *_, length in said["pictures"]))
    pictures = tuple(
        CodedPicture(payload[end - length : end], pts, dts, is_key)
        for end, (pts, dts, is_key, length) in zip(ends, said["pictures"], strict=True)
    )
    return Coded(said["codec"], bytes.fromhex(said["extradata"]), Fraction(*said["time_base"]), pictures)


def of_privacy(privacy: Privacy) -> dict[str, object]:
    regions = [(one.left, one.top, one.right, one.bottom) for one in privacy.regions]
    return {"masks": privacy.masks, "blur": privacy.blur, "regions": regions}


def privacy_of(said: Mapping[str, Any]) -> Privacy:
    masks = tuple(tuple((float(x), float(y)) for x, y in polygon) for polygon in said["masks"])
    return Privacy(masks, said["blur"], tuple(Region(*one) for one in said["regions"]))


def of_drawing(drawing: Drawing) -> dict[str, object]:
    return {"lines": drawing.lines, "region": drawing.region, "actor": drawing.actor}


def drawing_of(said: Mapping[str, Any]) -> Drawing:
    actor = None if said["actor"] is None else tuple(said["actor"])
    return Drawing(tuple(said["lines"]), tuple(said["region"]), actor)
