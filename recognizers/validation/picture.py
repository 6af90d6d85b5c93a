"""A confusion matrix as a picture (SVG): rows are what was shown, columns what was said."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_CELL, _SMALLEST = 44, 14
_MOST_PX = 1200
"""Matrices of many labels get smaller cells, and past `_WORDS` no words."""
_WORDS = 60
_LETTER = 7.0
"""Width of a letter at the size of a label."""
_DARK, _LIGHT = (23, 78, 120), (244, 248, 251)


def confusion_svg(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """Cells are as dark as their share of their row; the number is that of the recordings."""
    cell = max(_SMALLEST, min(_CELL, _MOST_PX // max(1, len(labels))))
    named = len(labels) <= _WORDS
    room = round(max((len(label) for label in labels), default=0) * _LETTER) + 24 if named else 40
    side = cell * len(labels)
    width, height = room + side + 20, room + side + 34
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
            f'<rect width="{width}" height="{height}" fill="white"/>',
            *(_labels(labels, cell, room) if named else ()),
            *(
                _cell(room + column * cell, room + row * cell, cell, count, sum(counted))
                for row, counted in enumerate(counts)
                for column, count in enumerate(counted)
            ),
            f'<rect x="{room}" y="{room}" width="{side}" height="{side}" fill="none" stroke="#444"/>',
            f'<text x="{room}" y="{room + side + 22}" fill="#444">rows: what was shown; columns: what was said</text>',
            "</svg>",
            "",
        ]
    )


def _labels(labels: Sequence[str], cell: int, room: int) -> list[str]:
    drawn = []
    for place, label in enumerate(labels):
        middle = room + place * cell + cell / 2
        text = escape(label)
        drawn.append(f'<text x="{room - 8}" y="{middle + 4:g}" text-anchor="end">{text}</text>')
        drawn.append(f'<text transform="translate({middle + 4:g} {room - 8}) rotate(-90)">{text}</text>')
    return drawn


def _cell(left: int, top: int, cell: int, count: int, whole: int) -> str:
    share = count / whole if whole else 0.0
    level = [round(light + (dark - light) * share) for light, dark in zip(_LIGHT, _DARK, strict=True)]
    box = f'<rect x="{left}" y="{top}" width="{cell}" height="{cell}" fill="rgb({level[0]},{level[1]},{level[2]})"/>'
    if not count or cell < 24:
        return box
    ink = "white" if share > 0.5 else "#222"
    return (
        f'{box}<text x="{left + cell / 2:g}" y="{top + cell / 2 + 4:g}" text-anchor="middle" '
        f'fill="{ink}">{count}</text>'
    )
