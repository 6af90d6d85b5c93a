"""A procedure as a picture: SVG, or Mermaid for pages that render it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise

from streamer.procedure.graph import Procedure, Step, levels, shown_edges

BOX_W, BOX_H, GAP_X, GAP_Y, MARGIN = 150, 52, 56, 22, 24
"""Pixels."""
_SWEEPS = 8
_STYLE = (
    "text{font:13px sans-serif;fill:#1b2a33}.small{font-size:11px;fill:#5a6b75}.title{font-size:16px}"
    ".step{fill:#e8f1f5;stroke:#33657a;stroke-width:1.5}.optional{fill:#fff;stroke-dasharray:5 4}"
    ".choice{fill:#fdf3dd;stroke:#a5782b}.edge{fill:none;stroke:#5a6b75;stroke-width:1.4}"
)


def mermaid(procedure: Procedure) -> str:
    """A flow chart, from what comes first to what comes last."""
    ids = {step.name: f"s{n}" for n, step in enumerate(procedure.steps)}
    chosen = frozenset[str]().union(*procedure.choices)
    lines = ["flowchart LR"]
    for step in procedure.steps:
        text = "<br/>".join(one.replace('"', "#quot;") for one in (step.name, *_notes(step)))
        left, right = ("([", "])") if step.optional else ("{{", "}}") if step.name in chosen else ("[", "]")
        lines.append(f'  {ids[step.name]}{left}"{text}"{right}')
    lines += [f"  {ids[before]} --> {ids[after]}" for before, after in shown_edges(procedure.steps)]
    return "\n".join(lines) + "\n"


def svg(procedure: Procedure) -> str:
    """A picture of its own: optional steps are dashed, alternatives yellow."""
    columns, chains = _laid_out(procedure.steps)
    rows = max(map(len, columns))
    height = MARGIN * 2 + 30 + rows * (BOX_H + GAP_Y)
    width = MARGIN * 2 + len(columns) * (BOX_W + GAP_X) - GAP_X
    middles = {
        name: (
            MARGIN + column * (BOX_W + GAP_X) + BOX_W / 2,
            MARGIN + 30 + (rows - len(names)) * (BOX_H + GAP_Y) / 2 + row * (BOX_H + GAP_Y) + BOX_H / 2,
        )
        for column, names in enumerate(columns)
        for row, name in enumerate(names)
    }
    takt = "" if procedure.takt_s is None else f", takt {procedure.takt_s:g} s"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f"<style>{_STYLE}</style>",
        '<defs><marker id="tip" markerWidth="9" markerHeight="8" refX="8" refY="4" orient="auto">'
        '<path d="M0,0 L9,4 L0,8 z" fill="#5a6b75"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text class="title" x="{MARGIN}" y="{MARGIN + 8}">{escape(procedure.name)}{takt}</text>',
        *(_line([middles[name] for name in chain]) for chain in chains),
        *(_box(step, procedure, *middles[step.name]) for step in procedure.steps),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _notes(step: Step) -> list[str]:
    """What else is known of a step, a line each."""
    counted = f"{step.repeat} times" if step.repeat > 1 else ""
    lasting = "" if step.typical_s is None else f"{step.typical_s:g} s"
    limits = "" if step.max_s is None else f"{f'{step.min_s:g} to' if step.min_s else 'at most'} {step.max_s:g} s"
    timed = f"{lasting} ({limits})" if lasting and limits else lasting or limits
    return [line for line in (", ".join(one for one in (counted, timed) if one),) if line]


def _box(step: Step, procedure: Procedure, x: float, y: float) -> str:
    kinds = "step" + " optional" * step.optional + " choice" * any(step.name in one for one in procedure.choices)
    notes = _notes(step)
    texts = [
        f'<text x="{x:g}" y="{y + (-3 if notes else 5):g}" text-anchor="middle">{escape(_cut(step.name, 21))}</text>'
    ]
    texts += [
        f'<text class="small" x="{x:g}" y="{y + 15:g}" text-anchor="middle">{escape(_cut(note, 27))}</text>'
        for note in notes
    ]
    box = f'<rect class="{kinds}" x="{x - BOX_W / 2:g}" y="{y - BOX_H / 2:g}" width="{BOX_W}" height="{BOX_H}" rx="7"/>'
    return f"<g><title>{escape(step.name)}</title>{box}{''.join(texts)}</g>"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _line(points: Sequence[tuple[float, float]]) -> str:
    """A curve from the right side of the first box, through gaps, to the left side of the last."""
    path = f"M{points[0][0] + BOX_W / 2:g},{points[0][1]:g}"
    for (x, y), (to_x, to_y) in pairwise(points):
        path += f" C{(x + to_x) / 2:g},{y:g} {(x + to_x) / 2:g},{to_y:g} {to_x - BOX_W / 2:g},{to_y:g}"
        path += f" H{to_x + BOX_W / 2:g}" if (to_x, to_y) != points[-1] else ""
    return f'<path class="edge" d="{path}" marker-end="url(#tip)"/>'


def _laid_out(steps: Sequence[Step]) -> tuple[list[list[str]], list[list[str]]]:
    """Names by column, from top to bottom, and each edge as a chain of names, one a column (Sugiyama's method).

    An edge over several columns goes by way of places that no step has; their names begin with a line break.
    """
    column = levels(steps)
    columns: list[list[str]] = [[] for _ in range(1 + max(column.values()))]
    for step in steps:
        columns[column[step.name]].append(step.name)
    chains = []
    for before, after in shown_edges(steps):
        between = {n: f"\n{before}\n{after}\n{n}" for n in range(column[before] + 1, column[after])}
        for n, name in between.items():
            columns[n].append(name)
        chains.append([before, *between.values(), after])
    beside: dict[str, list[str]] = {name: [] for names in columns for name in names}
    for chain in chains:
        for left, right in pairwise(chain):
            beside[left].append(right)
            beside[right].append(left)
    for _ in range(_SWEEPS):
        for n in (*range(len(columns)), *reversed(range(len(columns)))):
            _settle(columns, n, beside)
    return columns, chains


def _settle(columns: list[list[str]], n: int, beside: Mapping[str, list[str]]) -> None:
    """Sort a column by where its neighbours stand, so that fewer edges cross."""
    place = {name: row - (len(names) - 1) / 2 for names in columns for row, name in enumerate(names)}
    means = {name: sum(map(place.__getitem__, beside[name])) / max(len(beside[name]), 1) for name in columns[n]}
    columns[n].sort(key=lambda name: means[name] if beside[name] else place[name])
