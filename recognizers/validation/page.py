"""Figures for people: a few lines for the terminal, and a page with a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from recognizers.files import write_whole
from recognizers.train.confusion import confusion_svg

PAGE, PICTURE = "validation.md", "confusion.svg"
Figures = Mapping[str, Any]


def summary(figures: Figures) -> str:
    """A table for the terminal, and how the network does for each action."""
    lines = [f"{figures['checkpoint']} ({figures['kind']}) on {figures['data']}: {figures['videos']} recordings"]
    lines += [f"  {name:34}{value}" for name, value in _rows(figures)]
    lines += [f"  {action:34}{text}" for action, text in _by_action(figures)]
    if not figures.get("within_budget", True):
        lines.append(
            "no score keeps the budget: what these films show is too much like the actions; teach it to the network"
        )
    lines += [f"thresholds in {figures['stored']}"] if "stored" in figures else []
    lines += [f"the whole of it in {figures['report']}"] if "report" in figures else []
    return "\n".join(lines)


def write_page(folder: Path, figures: Figures) -> Path:
    """Write the page and its picture into a folder; returns the page's path.

    Raises:
        OSError: the folder does not take it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    has_picture = bool(figures.get("confusion"))
    if has_picture:
        write_whole(folder / PICTURE, confusion_svg(figures["labels"], figures["confusion"]).encode())
    page = folder / PAGE
    write_whole(page, page_text(figures, has_picture).encode())
    return page


def page_text(figures: Figures, has_picture: bool) -> str:
    """Markdown."""
    name = Path(str(figures["checkpoint"])).name
    part = str(figures["part"]).replace("_", " ")
    by_action = list(_by_action(figures))
    return "\n".join(
        [
            f"# {name} on {figures['data']}",
            "",
            f"{figures['videos']} recordings ({part}), shown to a `{figures['kind']}`. "
            "Views are clips × crops whose scores are averaged; one view is what the live service has.",
            "",
            "| figure | value |",
            "|---|---|",
            *(f"| {what} | {value} |" for what, value in _rows(figures)),
            "",
            *(["| action | |", "|---|---|", *(f"| {action} | {text} |" for action, text in by_action), ""]),
            *([f"![Confusion: rows are what was shown, columns what was said]({PICTURE})", ""] if has_picture else []),
        ]
    )


_SHARES = {
    "top1": "right (top 1)",
    "top1_actions": "right, if it must be an action",
    "top5": "among the best five",
    "map": "mean average precision",
}


def _rows(figures: Figures) -> Iterator[tuple[str, str]]:
    """Names and values, those that there are."""
    live = figures.get("live", {})
    for key, name in _SHARES.items():
        if figures.get(key) is not None:
            one = f"; one view {live[key]:.1%}" if live.get(key) is not None else ""
            yield f"{name}, {figures['views']} views", f"{figures[key]:.1%}{one}"
    if figures.get("frame_map") is not None:
        yield "frame-mAP at IoU 0.5", f"{figures['frame_map']:.1%}"
    if figures.get("ece_before") is not None:
        yield "calibration error (ECE)", f"{figures['ece']:.3f}; without temperature {figures['ece_before']:.3f}"
        yield "log-likelihood, Brier", f"{figures['nll']:.3f}, {figures['brier']:.3f}"
    if figures.get("auroc") is not None:
        yield "known from unknown (AUROC)", f"{figures['auroc']:.3f}; unknown taken for known {figures['fpr95']:.1%}"
    if figures.get("edit") is not None:
        f1 = ", ".join(f"{figures[f'f1_{overlap}']:.1%}" for overlap in (10, 25, 50))
        yield "segments: F1 at 10, 25, 50 %", f"{f1}; order (edit) {figures['edit']:.1%}"
    yield from _events(figures)


def _events(figures: Figures) -> Iterator[tuple[str, str]]:
    if figures.get("event_recall") is not None:
        precision = "–" if figures["event_precision"] is None else f"{figures['event_precision']:.1%}"
        yield (
            f"events within {figures['tolerance_s']:g} s",
            f"{figures['event_recall']:.1%} of {figures['happenings']} found, {precision} of events true",
        )
    if figures.get("delay_p50_s") is not None:
        yield "delay to the decision", f"{figures['delay_p50_s']:.2f} s (median), {figures['delay_p95_s']:.2f} s (95 %)"
    if figures.get("false_alarms_per_hour") is not None:
        yield (
            "false alarms an hour",
            f"{figures['false_alarms_per_hour']:g} ({figures['false_alarms']} in {figures['negative_hours']:g} h; "
            f"with 95 % at most {figures['false_alarms_per_hour_at_most']:g})",
        )


def _by_action(figures: Figures) -> Iterator[tuple[str, str]]:
    thresholds = figures.get("thresholds", {})
    for action, share in figures.get("recall", {}).items():
        begins = f"; begins at {thresholds[action]:g}" if action in thresholds else ""
        yield action, f"{share:.1%} recognized, {figures['precision'][action]:.1%} of what it said{begins}"
    for action, share in figures.get("average_precision", {}).items():
        yield action, f"average precision {share:.1%}"
