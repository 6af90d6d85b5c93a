"""A picture of what was taken for what: rows were shown, columns were said. Drawn as SVG, which browsers show."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_CELL, _FONT, _LETTER, _GAP = 44, 13, 7.4, 10
"""Pixels: side of a cell, height and width of a letter, space between things."""
_MOST_LETTERS = 28
_LIGHT, _DARK = (247, 251, 255), (8, 69, 148)
_COUNTED = 40
"""With more labels than this the cells have no room for counts."""


def confusion_svg(labels: Sequence[str], confusion: Sequence[Sequence[int]]) -> str:
    """A square of `(C, C)` counts of clips: the darker a cell, the larger its share of its row."""
    shown = [_short(label) for label in labels]
    cell = _CELL if len(labels) <= _COUNTED else _CELL // 3
    longest = max(map(len, shown)) * _LETTER
    left, top = longest + 3 * _GAP + _FONT, longest + 3 * _GAP + _FONT
    side = cell * len(labels)
    width, height = left + side + _GAP, top + side + _GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="sans-serif" font-size="{_FONT}">',
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#fff"/>',
        _text(left + side / 2, _GAP + _FONT, "what was said", anchor="middle", bold=True),
        _text(_GAP + _FONT, top + side / 2, "what was shown", anchor="middle", bold=True, turn=-90),
    ]
    for place, label in enumerate(shown):
        middle = (place + 0.5) * cell
        parts.append(_text(left - _GAP, top + middle + _FONT / 3, label, anchor="end"))
        parts.append(_text(left + middle + _FONT / 3, top - _GAP, label, turn=-90))
    for row, counts in enumerate(confusion):
        for column, count in enumerate(counts):
            share = count / max(sum(counts), 1)
            parts += _cell(left + column * cell, top + row * cell, cell, count, share)
    return "\n".join([*parts, "</svg>", ""])


def _cell(x: float, y: float, side: int, count: int, share: float) -> list[str]:
    colour = "#" + "".join(
        f"{round(light + (dark - light) * share):02x}" for light, dark in zip(_LIGHT, _DARK, strict=True)
    )
    drawn = [f'<rect x="{x:.1f}" y="{y:.1f}" width="{side}" height="{side}" fill="{colour}" stroke="#fff"/>']
    if count and side == _CELL:
        ink = "#fff" if share > 0.5 else "#222"
        drawn.append(_text(x + side / 2, y + side / 2 + _FONT / 3, str(count), anchor="middle", ink=ink))
    return drawn


def _text(
    x: float, y: float, text: str, anchor: str = "start", bold: bool = False, turn: int = 0, ink: str = "#222"
) -> str:
    turned = f' transform="rotate({turn} {x:.1f} {y:.1f})"' if turn else ""
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{ink}"{weight}{turned}>{escape(text)}</text>'


def _short(label: str) -> str:
    return label if len(label) <= _MOST_LETTERS else f"{label[: _MOST_LETTERS - 1]}…"
