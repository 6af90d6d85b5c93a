"""A clip and the line that says what it shows."""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from recognizers.clip import WHOLE_PICTURE, Region
from recognizers.data.recordings import LABELS_FILE, Labelled, append
from streamer.evidence.developing import Here
from streamer.evidence.privacy import Privacy
from streamer.media.decoding import coded_of
from streamer.media.files import store, unwritable
from streamer.media.mp4 import mp4
from streamer.media.packets import Excerpt

_ODD = re.compile(r"[^\w.+-]+")


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be recorded, and where to."""

    folder: Path
    stream: str
    watch: str
    label: str
    """Empty: none of the actions."""
    group: str
    """Who or what is recorded."""
    region: Region
    """What the watch looks at."""
    whole: bool
    """The label is true of all that a clip shows, also of what lies before the seconds that were asked for."""


def keep(order: Order, excerpt: Excerpt, captured_at: float, start_s: float, end_s: float) -> Path:
    """Write a clip and its line; returns the clip's path.

    Pictures are kept as they came; what a peer of WebRTC sent, which no MP4 holds as it is, is coded anew.

    Args:
        captured_at: Unix seconds of the first picture.
        start_s, end_s: what the label is true of, in media time.

    Raises:
        ClipUnwritable: the disk does not take it. A clip without its line harms nobody.
    """
    # Of the moment and not of the first picture: moments between two key frames have that in common.
    moment_at = captured_at + start_s - excerpt.start_s
    at = datetime.fromtimestamp(moment_at, UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
    name = _ODD.sub("_", f"{order.stream}-{order.watch}-{at}Z.mp4")
    path = Path(_folder_of(order.label)) / name
    store(order.folder / path, _film(excerpt))
    row = Labelled(str(path), order.label, group=order.group, stream=order.stream)
    if order.region != WHOLE_PICTURE:
        row = replace(row, region=astuple(order.region))
    if not order.whole:
        begin_s, last_s = max(0.0, start_s - excerpt.start_s), end_s - excerpt.start_s
        row = replace(row, start_s=round(begin_s, 3), end_s=round(last_s, 3))
    try:
        append(order.folder, row)
    except OSError as error:
        raise unwritable(order.folder / LABELS_FILE, error) from None
    return order.folder / path


def _folder_of(label: str) -> str:
    """A name that leads nowhere else, nor stands where the lines do."""
    name = _ODD.sub("_", label).strip(".") or "background"
    return f"{name}_" if name == LABELS_FILE else name


def _film(excerpt: Excerpt) -> bytes:
    return mp4(excerpt) if excerpt.coding.template is not None else Here().film(coded_of(excerpt), Privacy(), "")
