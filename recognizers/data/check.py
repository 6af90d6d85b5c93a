"""Whether a data set gives figures that can be believed: what is wrong with it, why, and what would be right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Literal

from recognizers.data.duplicates import Look, look_of, near_duplicates
from recognizers.data.listing import Listing, Recording
from recognizers.data.track import PARTS, Part, Tick
from recognizers.data.video import Facts, facts
from recognizers.errors import DataError

Kind = Literal["leakage", "labels", "few", "rate", "unreadable"]
SHOWN: dict[Part, str] = {"training": "to train on", "calibration": "to calibrate", "held_out": "held out"}
_SOME = 0.1
"""A share of clips from which on what is wrong with them is wrong with the set."""
_NAMED = 5
"""How many of many are named."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a data set."""

    kind: Kind
    what: str
    right: str
    """What would be right."""
    refused: bool = True
    """Whether figures of the set are wrong; otherwise it is good to know."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a data set must offer."""

    frames: int = 16
    """Pictures of a clip."""
    interval_s: float = 0.125
    """Between two of them."""
    least_training: int = 5
    """Clips of each label to train on."""
    least_held_out: int = 2
    compared: int = 2000
    """Videos of a part, at most, that are compared with those of the others; evenly chosen where there are more."""


@dataclass(frozen=True, slots=True)
class Report:
    """A data set, looked at."""

    name: str
    clips: dict[str, dict[Part, int]]
    """Of each label, how many show it in each part."""
    background: dict[Part, int]
    """Clips of each part that show none for a while."""
    minutes: dict[Part, float]
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> bool:
        return any(finding.refused for finding in self.findings)


@dataclass(frozen=True, slots=True)
class _Looked:
    """What was found in the videos."""

    facts: dict[Path, Facts]
    looks: dict[Part, dict[Path, Look]]
    broken: dict[Part, list[str]]
    left_out: int
    """Videos that were not compared."""


def check(listing: Listing, wanted: Wanted, tick: Tick) -> Report:
    """Look at annotations and videos.

    Raises:
        DataError: there are too few groups to part.
    """
    parts = listing.parts()
    looked = _look(parts, wanted.compared, tick)
    report = judged(listing, wanted)
    return replace(
        report,
        minutes={part: sum(_seconds(one, looked.facts) for one in parts[part]) / 60 for part in PARTS},
        findings=(
            *_files(parts),
            *_alike(looked),
            *report.findings,
            *_rates(parts, looked.facts, wanted),
            *_unreadable(parts, looked),
        ),
    )


def judged(listing: Listing, wanted: Wanted) -> Report:
    """What annotations alone say."""
    parts = listing.parts()
    shown = {part: Counter(label for one in some for label in one.labels) for part, some in parts.items()}
    return Report(
        name=listing.name,
        clips={label: {part: shown[part][label] for part in PARTS} for label in listing.labels},
        background={part: sum(() in one.combinations() for one in parts[part]) for part in PARTS},
        minutes=dict.fromkeys(PARTS, 0.0),
        findings=(*_groups(parts), *_labels(listing, shown), *_few(listing, shown, wanted)),
    )


def _look(parts: dict[Part, tuple[Recording, ...]], compared: int, tick: Tick) -> _Looked:
    known: dict[Path, Facts] = {}
    looks: dict[Part, dict[Path, Look]] = {part: {} for part in PARTS}
    broken: dict[Part, list[str]] = {part: [] for part in PARTS}
    paths = {part: list(dict.fromkeys(one.path for one in some)) for part, some in parts.items()}
    done, total, left_out = 0, sum(map(len, paths.values())), 0
    for part, own in paths.items():
        every = max(1, -(-len(own) // compared)) if compared else 1
        for number, path in enumerate(own):
            done += 1
            try:
                known[path] = facts(path)
                if number % every == 0:
                    looks[part][path] = look_of(path)
                else:
                    left_out += 1
            except DataError as error:
                broken[part].append(str(error))
            tick("looking at videos", done, total)
    return _Looked(known, looks, broken, left_out)


def _groups(parts: dict[Part, tuple[Recording, ...]]) -> Iterator[Finding]:
    for one, other in combinations(PARTS, 2):
        if both := {a.group for a in parts[one]} & {b.group for b in parts[other]}:
            yield Finding(
                "leakage",
                f"{len(both)} groups are both {SHOWN[one]} and {SHOWN[other]}: {_some(sorted(both))}",
                "put all clips of a group (person, session, source video) on one side: figures are to say how good a "
                "network is on people it has not seen",
            )


def _files(parts: dict[Part, tuple[Recording, ...]]) -> Iterator[Finding]:
    for one, other in combinations(PARTS, 2):
        if files := {a.path.resolve() for a in parts[one]} & {b.path.resolve() for b in parts[other]}:
            yield Finding(
                "leakage",
                f"{len(files)} videos are both {SHOWN[one]} and {SHOWN[other]}: {_some(sorted(map(str, files)))}",
                "list each video on one side only",
            )


def _alike(looked: _Looked) -> Iterator[Finding]:
    for one, other in combinations(PARTS, 2):
        own, its = list(looked.looks[one]), list(looked.looks[other])
        pairs = near_duplicates(list(looked.looks[one].values()), list(looked.looks[other].values()))
        same = [f"{own[a]} and {its[b]} ({share:.0%} of their pictures)" for a, b, share in pairs if own[a] != its[b]]
        if same:
            yield Finding(
                "leakage",
                f"{len(same)} videos that are {SHOWN[one]} show the same as others that are {SHOWN[other]}: "
                + _some(same),
                "remove one of each two, or give both the same group",
            )
    if looked.left_out:
        yield Finding(
            "leakage",
            f"{looked.left_out} videos were opened but not compared with others",
            "ask for more with --compare (0: all) if there is time",
            refused=False,
        )


def _labels(listing: Listing, shown: dict[Part, Counter[str]]) -> Iterator[Finding]:
    if unknown := listing.unknown:
        yield Finding(
            "labels",
            f"{len(unknown)} labels are in no label map: {_some(unknown)}",
            "mend the names, or give the label map of this set",
        )
    # A set that has no side to train on is for validation alone.
    for part in [part for part in ("training", "held_out") if shown[part] or part == "held_out"]:
        if gaps := [label for label in listing.labels if not shown[part][label]]:
            yield Finding(
                "labels",
                f"no clip that is {SHOWN[part]} shows {_some(gaps)} ({len(gaps)} of {len(listing.labels)} labels)",
                f"give clips of {'each' if len(gaps) > 1 else 'it'}, or take the label out of the label map: "
                + ("it would never be said" if part == "training" else "its figure would be of nothing"),
            )


def _few(listing: Listing, shown: dict[Part, Counter[str]], wanted: Wanted) -> Iterator[Finding]:
    leasts: dict[Part, int] = {"training": wanted.least_training, "held_out": wanted.least_held_out}
    for part, least in leasts.items():
        few = {label: shown[part][label] for label in listing.labels if 0 < shown[part][label] < least}
        if few:
            yield Finding(
                "few",
                f"{len(few)} labels have fewer than {least} clips that are {SHOWN[part]}: "
                + _some([f"{label} ({count})" for label, count in few.items()]),
                f"record at least {least} of each, of several people" if part == "training"
                else f"hold out at least {least} of each: one clip more or less would turn the figure over",
            )  # fmt: skip


def _rates(parts: dict[Part, tuple[Recording, ...]], known: dict[Path, Facts], wanted: Wanted) -> Iterator[Finding]:
    recordings = [one for some in parts.values() for one in some if one.path in known]
    span_s = (wanted.frames - 1) * wanted.interval_s
    short = [f"{one.name} ({_seconds(one, known):.1f} s)" for one in recordings if _seconds(one, known) < span_s]
    if short:
        yield Finding(
            "rate",
            f"{len(short)} of {len(recordings)} clips are shorter than the {span_s:g} s of {wanted.frames} pictures "
            f"{wanted.interval_s:g} s apart: {_some(short)}",
            "cut longer clips, or choose fewer pictures or a shorter interval: what is missing is filled up with the "
            "first picture",
            refused=len(short) >= _SOME * len(recordings),
        )
    slow = [f"{one.name} ({known[one.path].rate_hz:.3g} Hz)" for one in recordings if _is_slow(known[one.path], wanted)]
    if slow:
        yield Finding(
            "rate",
            f"{len(slow)} of {len(recordings)} clips have fewer pictures a second than one every "
            f"{wanted.interval_s:g} s: {_some(slow)}",
            f"choose an interval of at least {1 / min(known[one.path].rate_hz for one in recordings):.3g} s, or record "
            "faster: pictures would be shown twice, and motion would be lost",
            refused=len(slow) >= _SOME * len(recordings),
        )


def _is_slow(film: Facts, wanted: Wanted) -> bool:
    return film.rate_hz * wanted.interval_s < 0.95


def _unreadable(parts: dict[Part, tuple[Recording, ...]], looked: _Looked) -> Iterator[Finding]:
    for part, broken in looked.broken.items():
        if broken:
            all_of_it = len(broken) >= len({one.path for one in parts[part]})
            is_trained = part == "training" and not all_of_it
            yield Finding(
                "unreadable",
                f"{len(broken)} videos that are {SHOWN[part]} cannot be read: {_some(broken)}",
                "training shows others of their label instead; replace or remove them" if is_trained
                else "replace or remove them: a network cannot be judged by them, and no other may take their place",
                refused=not is_trained,
            )  # fmt: skip


def _seconds(one: Recording, known: dict[Path, Facts]) -> float:
    if one.path not in known:
        return 0.0
    duration_s = known[one.path].duration_s
    return max(0.0, min(duration_s, duration_s if one.end_s is None else one.end_s) - one.start_s)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
