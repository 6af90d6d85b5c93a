"""What each kind of recognizer takes and can do: said here once, and read without torch.

Settings, `takt check`, trainings, the catalogue and the texts of the reference are made of it. How networks of a kind
are made, says `families`; how they are run, `build`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Library:
    """What runs something, and is not always installed."""

    module: str
    extra: str
    """Of this package; it brings the module."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What recognizers of a kind take and can do."""

    runtimes: tuple[str, ...] = ("torch",)
    """What can run it on a CPU. `auto` takes the fastest of them that is installed."""
    options: tuple[str, ...] = ()
    """Keys of `OPTIONS` that it takes."""
    labels: Literal["one", "any", "each"] = "one"
    """Whether it says one label at a time (one), also several (any), or always scores each by itself (each)."""
    data: tuple[str, ...] = ("work_cell", "clips", "folder", "recordings", "kinetics", "charades", "splits")
    """Keys of `DATA` that it can be trained on; none where others train it."""
    learns: str = ""
    """What it is trained on, where that is not simply pictures."""
    library: Library | None = None
    """Without which it does not run at all."""
    finder: str | None = None
    """The option that names what finds for it in pictures what it looks at. Such kinds look at whole regions, and what
    they cost is not theirs alone."""
    averages: bool = True
    """Whether answers of one clip can be averaged with those of the next."""


_BY_OPENVINO = ("torch", "openvino")
_WHOLE_CLIPS = Abilities(_BY_OPENVINO, labels="any")
KINDS: dict[str, Abilities] = {
    "slowfast": Abilities(_BY_OPENVINO, options=("mode",), labels="any"),
    "slowfast_actors": Abilities(
        options=("actor_model",),
        labels="each",
        data=("bench_pairs", "ava"),
        learns="learns from people in boxes",
        library=Library("onnxruntime", "actors"),
        finder="actor_model",
        averages=False,
    ),
    "slow_only": _WHOLE_CLIPS,
    "c2d": _WHOLE_CLIPS,
    "i3d": _WHOLE_CLIPS,
    "x3d": _WHOLE_CLIPS,
    "single_frame": Abilities(),
    "two_stream": Abilities(),
    "crnn": Abilities(options=("state",)),
    "san": Abilities(
        options=("pose_model",),
        data=("skeletons", "clips", "folder", "recordings"),
        learns="looks at people's joints",
        library=Library("ai_edge_litert", "pose"),
        finder="pose_model",
    ),
    "huggingface": Abilities(
        options=("background", "interval_s", "fetch"),
        labels="any",
        data=(),
        library=Library("transformers", "huggingface"),
    ),
}
"""By name: all that there are."""
FRACTIONS = ("dropout", "seen", "weights", "widening")
"""Of what a card says of a network, the numbers that need not be whole."""
TRAINED = tuple(name for name, kind in KINDS.items() if kind.data)
"""Those whose networks are ours."""
OPENVINO = Library("openvino", "openvino")
"""Runs what `runtimes` says."""
FLOW = Library("cv2", "flow")
PEOPLE = Library("onnxruntime", "actors")
"""Runs networks that look at optical flow by dis, which is what their cards say."""

_SAYS_ITSELF = "the checkpoint of a {kind} says it"
OPTIONS: Mapping[str, str] = {
    "state": "only {owners} can be {given}, not a {kind}",
    "mode": "{given} is of {owners} only, not of a {kind}",
    "pose_model": "only {owners} looks at joints, not a {kind}",
    "actor_model": "only {owners} looks for people, not a {kind}",
    "background": _SAYS_ITSELF,
    "interval_s": _SAYS_ITSELF,
    "fetch": _SAYS_ITSELF,
}
"""Settings that not every kind has, and what is said where another is given one."""
DATA: Mapping[str, str] = {
    "work_cell": "",
    "clips": "",
    "folder": "",
    "recordings": "",
    "kinetics": "",
    "charades": "",
    "splits": "",
    "skeletons": "looks at pictures, the data are skeletons",
    "bench_pairs": "cannot tell people apart",
    "ava": "cannot tell people apart",
}
"""What trainings learn from, and what is said of kinds that look at pictures and cannot."""


def owners(has: Callable[[Abilities], bool]) -> str:
    """The kinds of which something is so: `a slowfast or a san`."""
    return " or ".join(f"a {name}" for name, kind in KINDS.items() if has(kind))


def of(option: str) -> str:
    """The kinds that take an option of `OPTIONS`."""
    return owners(lambda kind: option in kind.options)


def taught_by(data: str) -> str:
    """The kinds that can learn from data of `DATA`."""
    return owners(lambda kind: data in kind.data)


def misplaced(kind: str, given: Mapping[str, object]) -> dict[str, str]:
    """Why a kind does not take settings that somebody gave, by setting; those that it takes are left out."""
    known = KINDS[kind]
    wrong = {
        option: f"{option}: {why.format(owners=of(option), given=given[option], kind=kind)}; leave it out"
        for option, why in OPTIONS.items()
        if option in given and option not in known.options
    }
    runtime = given.get("runtime", "auto")
    if runtime not in ("auto", *known.runtimes):
        those = ", ".join(name for name, one in KINDS.items() if runtime in one.runtimes)
        wrong["runtime"] = f"runtime: {runtime} runs {those}, not a {kind}; leave it out"
    if "average_clips" in given and not known.averages:
        wrong["average_clips"] = f"average_clips: people come and go from clip to clip; leave it out for a {kind}"
    return wrong


def mislabelled(kind: str, multilabel: bool) -> str | None:
    """Why a kind cannot say several labels at once, or one at a time; `None` where it can."""
    labels = KINDS[kind].labels
    if labels == "one" and multilabel:
        return f"a {kind} says one label at a time"
    if labels == "each" and not multilabel:
        return f"a {kind} scores each label by itself"
    return None


def unlearnable(kind: str, data: str) -> str | None:
    """Why a kind cannot be trained on some data of `DATA`, and what would be right; `None` where it can."""
    known = KINDS[kind]
    if data in known.data:
        return None
    if known.learns:
        return f"a {kind} network {known.learns}; give {' or '.join(f'data.{one}' for one in known.data)}"
    return f"a {kind} network {DATA[data]}; train {taught_by(data)}"
