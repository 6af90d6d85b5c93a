"""A model card for people, and the same for machines: what a checkpoint sees and says, how it was trained, how good it
is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from recognizers.checkpoint import Card
from recognizers.train.confusion import confusion_svg
from recognizers.train.state import write_whole


def write_card(checkpoint: Path, card: Card) -> Path:
    """Write the card beside the checkpoint, as Markdown (whose path is returned) and as JSON, and a picture of what was
    taken for what.

    Raises:
        NotWritten: the disk does not take it.
    """
    path, confusion = checkpoint.with_suffix(".md"), card.trained["held_out"].get("confusion")
    picture = checkpoint.with_suffix(".confusion.svg")
    if confusion:
        write_whole(picture, confusion_svg(card.labels, confusion).encode())
    with checkpoint.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    told = {"checkpoint": checkpoint.name, "sha256": digest, **asdict(card)}
    write_whole(checkpoint.with_suffix(".json"), (json.dumps(told, indent=1) + "\n").encode())
    write_whole(path, card_text(checkpoint.name, card, picture.name if confusion else "").encode())
    return path


def card_text(name: str, card: Card, picture: str = "") -> str:
    """Markdown; `picture`: the file of a confusion beside it."""
    spec, trained = card.spec, card.trained
    held_out: dict[str, Any] = trained["held_out"]
    says = "scores each by itself" if card.multilabel else "says one of"
    return "\n".join(
        [
            f"# {name}",
            "",
            f"A `{card.kind}` network of {trained['parameters']:,} parameters. It looks at {spec.frames} pictures of "
            f"{card.crop_px}×{card.crop_px} pixels, {spec.interval_s:g} s apart, every {spec.hop_s:g} s, "
            f"and {says}: {', '.join(card.labels)}. `{card.background}` means none of the actions.",
            "",
            f"Trained on: {trained['data']}.",
            "",
            "## How good it is",
            "",
            f"Held-out clips ({held_out['clips']}, from groups that were neither trained nor calibrated on; their "
            f"second half is at least three quarters one action): **{headline(held_out)}**. "
            f"Calibration error (ECE) {held_out['ece']:.3f} at temperature {card.temperature:g}.",
            "",
            *(_precision(held_out) if card.multilabel else _recall(card.labels, held_out)),
            "",
            *([f"![What was taken for what]({picture})", ""] if picture else []),
            *_making(card),
            "## Limits",
            "",
            *_abstaining(card),
            "It knows what it was trained on. Under other cameras, tools or people its figures must be measured anew.",
            "",
        ]
    )


def _making(card: Card) -> list[str]:
    """What it takes to make it again."""
    trained = card.trained
    if "fingerprint" not in trained:
        return []
    recipe = trained["recipe"]
    begun = f" It began with {trained['begin']}." if trained["begin"] else ""
    chosen = "what was best on the calibration clips, after step" if recipe["looks"] > 1 else "the last, after step"
    return [
        "## How it was made",
        "",
        f"Seed {recipe['seed']}, {recipe['steps']} steps of {recipe['batch']} clips; kept is {chosen} "
        f"{trained['step']}.{begun} Fingerprint of the data: `{trained['fingerprint'][:16]}`. "
        "All numbers stand in the checkpoint, and in the JSON file beside it.",
        "",
    ]


def _abstaining(card: Card) -> list[str]:
    known: Mapping[str, float] = card.trained.get("known_above", {})
    if card.abstain is not None:
        measure, lost = card.abstain.by.replace("_", " "), card.trained["recipe"]["abstain"]
        return [
            f"It says `{card.background}` where its {measure} is below {card.abstain.threshold:g}, as that of "
            f"{lost:.1%} of its actions' clips is: what it was never taught mostly is. The figures above count that.",
            "",
        ]
    if "max_logit" not in known:
        return []
    below = known["max_logit"]
    return [
        f"Where it may see what it does not know at all, `abstain_below: {below:g}` (its largest logit) makes that the "
        "background, and one in a hundred clips of its own actions with it.",
        "",
    ]


def headline(held_out: Mapping[str, Any]) -> str:
    """How good a network is, in one figure."""
    if "map" in held_out:
        return f"{held_out['map']:.1%} mean average precision"
    return f"{held_out['top1']:.1%} right"


def _precision(held_out: Mapping[str, Any]) -> list[str]:
    rows = [f"| {label} | {share:.1%} |" for label, share in held_out["average_precision"].items()]
    return ["| action | average precision |", "|---|---|", *rows]


def _recall(labels: Sequence[str], held_out: Mapping[str, Any]) -> list[str]:
    rows = [f"| {label} | {share:.1%} |" for label, share in held_out["recall"].items()]
    return [
        "| action | share of its clips that were recognized |",
        "|---|---|",
        *rows,
        "",
        "Confusion (rows: what was shown; columns: what was said):",
        "",
        *_confusion(labels, held_out["confusion"]),
    ]


def _confusion(labels: Sequence[str], rows: Sequence[Sequence[int]]) -> list[str]:
    head = ["| | " + " | ".join(labels) + " |", "|---" * (len(labels) + 1) + "|"]
    return head + [
        f"| **{label}** | " + " | ".join(map(str, row)) + " |" for label, row in zip(labels, rows, strict=True)
    ]
