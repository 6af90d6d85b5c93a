"""Is order seen? Recognizers beside a plain baseline, in one run: accuracy, and what it costs.

usage: python -m benchmarks.order FOLDER [--tables pictures,skeletons] [--sets utkinect,jhmdb] [--seeds 3] [--json]

Each set is judged by what was left out of training (see the module of its table), by so many seeds; given are mean and
standard deviation over seeds. `backwards` counts only actions that are another one when they are played backwards: who
does not see order is right about half of them at best. `reversed` are the same clips played backwards, where each shows
the other action. A killed run goes on where it stood (`--results`); the networks of pictures stay in a folder beside.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from benchmarks import pictures, skeletons
from benchmarks.asked import Asked
from benchmarks.results import Results
from benchmarks.rows import Row, as_json, comparison, table
from recognizers.data.sets import Tick


class Measure(Protocol):
    def __call__(self, asked: Asked, results: Results, tick: Tick) -> list[Row]: ...


@dataclass(frozen=True, slots=True)
class Table:
    """Sets and networks that are compared with each other."""

    sets: Sequence[str]
    unasked: Sequence[str]
    """Networks that are measured unless others are asked for."""
    ours: str
    baseline: str
    measured: Measure
    """Its folder is the part of FOLDER that is named as the table is."""


TABLES = {
    "pictures": Table(
        sets=["work_cell"],
        unasked=pictures.UNASKED,
        ours=pictures.OURS,
        baseline=pictures.BASELINE,
        measured=pictures.table,
    ),
    "skeletons": Table(
        sets=list(skeletons.SETS),
        unasked=(skeletons.BASELINE, skeletons.OURS),
        ours=skeletons.OURS,
        baseline=skeletons.BASELINE,
        measured=skeletons.table,
    ),
}


def told(what: str, done: int, of: int) -> None:
    print(f"{what}: {done} of {of}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="holds skeletons/; the pictures are drawn")
    parser.add_argument("--tables", default=",".join(TABLES), help="by name, with commas between")
    parser.add_argument("--sets", help="only these")
    parser.add_argument("--networks", help="only these")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, help="of each training, instead of those of the table")
    parser.add_argument("--device", default="auto", help="where pictures are learned from: cpu, cuda or auto")
    parser.add_argument("--results", type=Path, default=Path("data/order.json"), help="what was measured before")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    results, report = Results(arguments.results), dict[str, Any]()
    for name in arguments.tables.split(","):
        one = TABLES[name]
        asked = Asked(
            folder=arguments.folder / name,
            sets=[each for each in one.sets if arguments.sets is None or each in arguments.sets.split(",")],
            networks=arguments.networks.split(",") if arguments.networks else list(one.unasked),
            seeds=arguments.seeds,
            steps=arguments.steps,
            device=arguments.device,
            kept=arguments.results.with_suffix(""),
        )
        rows = one.measured(asked, results, told)
        said = comparison(rows, one.ours, one.baseline)
        report[name] = {"rows": [as_json(row) for row in rows], "comparison": said}
        if not arguments.json:
            print(f"{table(rows)}\n{json.dumps(said)}\n")
    if arguments.json:
        print(json.dumps(report))


if __name__ == "__main__":
    main()
