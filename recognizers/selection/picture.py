"""Accuracy against cost, as a picture (SVG): up is right more often, left is cheaper."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from recognizers.selection.choice import Budget, Outcome, Recommendation, pareto

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _EDGE = 720, 440, 64, 56, 24
_INK, _PALE, _CHOSEN = "#222", "#8a8f98", "#0b6e4f"


def pareto_svg(outcomes: Sequence[Outcome], budget: Budget, choice: Recommendation) -> str:
    """A point for each of at least one outcome, a line through those that nobody beats, the budget as a border."""
    scale = _Scale(outcomes, budget)
    front = pareto(outcomes)
    line = " ".join(f"{scale.x(one.ms_per_decision):.1f},{scale.y(one.right):.1f}" for one in front)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="13">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        *_axes(scale),
        *_border(scale, budget),
        f'<polyline points="{line}" fill="none" stroke="{_PALE}" stroke-width="1.5"/>',
    ]
    for one in outcomes:
        parts += _point(scale, one, one in front, one.name == choice.name)
    return "\n".join([*parts, "</svg>", ""])


class _Scale:
    """Milliseconds by their logarithm, shares as they are."""

    def __init__(self, outcomes: Sequence[Outcome], budget: Budget) -> None:
        costs = [one.ms_per_decision for one in outcomes]
        if budget.ms_per_decision is not None:
            costs.append(budget.ms_per_decision)
        self.least, self.most = min(costs) / 1.6, max(costs) * 1.6
        self.low = max(0.0, math.floor(10 * min(one.right - one.doubt for one in outcomes)) / 10)
        self.high = min(1.0, math.ceil(10 * max(one.right + one.doubt for one in outcomes)) / 10)

    def x(self, ms: float) -> float:
        share = math.log(ms / self.least) / math.log(self.most / self.least)
        return _LEFT + share * (_WIDTH - _LEFT - _EDGE)

    def y(self, right: float) -> float:
        share = (right - self.low) / (self.high - self.low)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _BOTTOM - _EDGE)


def _axes(scale: _Scale) -> list[str]:
    bottom, drawn = _HEIGHT - _BOTTOM, []
    for step in range(round(10 * scale.low), round(10 * scale.high) + 1):
        y = scale.y(step / 10)
        drawn.append(f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _EDGE}" y2="{y:.1f}" stroke="#e6e8eb"/>')
        drawn.append(_text(_LEFT - 8, y + 4, f"{10 * step} %", "end"))
    for ms in (number * 10**power for power in range(-2, 6) for number in (1, 2, 5)):
        if scale.least <= ms <= scale.most:
            x = scale.x(ms)
            drawn.append(f'<line x1="{x:.1f}" y1="{bottom}" x2="{x:.1f}" y2="{bottom + 5}" stroke="{_INK}"/>')
            drawn.append(_text(x, bottom + 20, f"{ms:g}", "middle"))
    middle = (_LEFT + _WIDTH - _EDGE) / 2
    drawn.append(_text(middle, _HEIGHT - 12, "milliseconds a decision (one thread)", "middle"))
    drawn.append(_text(_LEFT, _EDGE - 8, "right of held-out clips", "start"))
    return drawn


def _border(scale: _Scale, budget: Budget) -> list[str]:
    if budget.ms_per_decision is None:
        return []
    x, down = scale.x(budget.ms_per_decision), _HEIGHT - _BOTTOM
    return [
        f'<line x1="{x:.1f}" y1="{_EDGE}" x2="{x:.1f}" y2="{down}" stroke="{_INK}" stroke-dasharray="5 4"/>',
        _text(x - 6, _EDGE + 12, "budget", "end"),
    ]


def _point(scale: _Scale, one: Outcome, is_in_front: bool, is_chosen: bool) -> list[str]:
    x, y, reach = scale.x(one.ms_per_decision), scale.y(one.right), scale.y(one.right - one.doubt)
    colour = _CHOSEN if is_chosen else _INK if is_in_front else _PALE
    label = f"{one.name}, {one.right:.1%}" + (" (recommended)" if is_chosen else "")
    anchor, beside = ("end", -10) if x > 0.7 * _WIDTH else ("start", 10)
    return [
        f'<line x1="{x:.1f}" y1="{2 * y - reach:.1f}" x2="{x:.1f}" y2="{reach:.1f}" stroke="{colour}"/>',
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{colour if is_in_front else "#fff"}" stroke="{colour}"/>',
        _text(x + beside, y - 8, label, anchor, colour),
    ]


def _text(x: float, y: float, text: str, anchor: str, ink: str = _INK) -> str:
    # A white rim, for where it crosses a line.
    rim = 'paint-order="stroke" stroke="#fff" stroke-width="4"'
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{ink}" {rim}>{escape(text)}</text>'
