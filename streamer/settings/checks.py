"""What no single section can know: names are unique and known, files are there, recognizers know the actions.

Works on what the file says, valid or not, so that these mistakes are told together with all others.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from recognizers.card import NOT_CAUSAL, Card, checkpoint_path, read_card, wrong_labels
from recognizers.clip import wrong_hop
from recognizers.errors import CheckpointMismatch
from recognizers.estimators.choice import check_bundle, check_found
from recognizers.estimators.downloads import file_of
from recognizers.files import is_file
from recognizers.huggingface import KIND, Wanted, folder_card, source_of
from recognizers.kinds import FLOW, KINDS, OPENVINO, PEOPLE, Library, misplaced
from streamer.settings.document import Document, Where
from streamer.settings.mistakes import suggestion
from streamer.settings.places import levels_of, wrong_prefix
from streamer.settings.sections import RecognizerSection, said

PROTOBUF = Library("google.protobuf", "sparkplug")
_WEBRTC = Library("aiortc", "webrtc")
_OTLP = Library("opentelemetry.exporter.otlp.proto.http", "tracing")
_FILES = (
    ("mqtt", "password_file"),
    ("mqtt", "ca_file"),
    ("http", "tokens", "*", "token_file"),
    ("evidence", "token_file"),
    ("evidence", "actor_model"),
    *(("recognizers", "*", kind.finder) for kind in KINDS.values() if kind.finder is not None),
    *(("sinks", "*", name) for name in ("token_file", "secret_file", "ca_file")),
    ("streams", "*", "source", "credentials_file"),
    ("streams", "*", "source", "ca_file"),
    ("streams", "*", "source", "token_file"),
    ("webrtc", "ice_servers", "*", "password_file"),
    ("tracing", "headers_file"),
    ("streams", "*", "source", "path"),
)

RESERVED = ("command", "reply", "service")
"""Names that stand in topics where streams do."""


def check(document: Document) -> dict[str, Card]:
    """Note every mistake in the document. What each recognizer's checkpoint says of itself, by the recognizer's
    name."""
    _check_unique(document, "streams", "*", "id")
    _check_unique(document, "sinks", "*", "id")
    _check_sinks(document)
    for (_, n), _ in document.find("streams", "*"):
        _check_unique(document, "streams", n, "watches", "*", "id")
    _check_reserved(document)
    _check_places(document)
    _check_files(document)
    _check_peers(document)
    for where, _ in document.find("mqtt", "sparkplug", "group"):
        _check_installed(document, where[:-1], PROTOBUF)
    for where, collector in document.find("tracing", "otlp"):
        if collector is not None:
            _check_installed(document, where, _OTLP)
    cards = _read_cards(document)
    _check_watches(document, cards)
    _check_units(document)
    _check_evidence(document, cards)
    return cards


def _check_unique(document: Document, *pattern: str | int) -> None:
    first: dict[object, Where] = {}
    for where, name in document.find(*pattern):
        if isinstance(name, str):
            if name in first:
                document.problem(where, f"is used already{document.at(first[name])}; ids are unique")
            first.setdefault(name, where)


def _check_places(document: Document) -> None:
    """Every stream says, or inherits, all levels that the prefix names."""
    prefix = next((value for _, value in document.find("mqtt", "prefix")), None)
    if not isinstance(prefix, str) or wrong_prefix(prefix) is not None:
        return
    said = _levels(document, "mqtt", "place")
    for where, stream in document.find("streams", "*"):
        if isinstance(stream, dict):
            known = said | _levels(document, *where, "place")
            for level in (level for level in levels_of(prefix) if level not in known):
                text = (
                    f"must say its {level}, which mqtt.prefix names; give place.{level}, or mqtt.place.{level} for all"
                )
                document.problem(where, text)


def _levels(document: Document, *where: str | int) -> set[str]:
    """The levels that a place says."""
    return {str(level[-1]) for level, value in document.find(*where, "*") if value is not None}


def _check_reserved(document: Document) -> None:
    for where, name in document.find("streams", "*", "id"):
        if name in RESERVED:
            document.problem(where, f"{name} stands for other topics; give another id")


def _check_sinks(document: Document) -> None:
    """What a sink is to get must be there."""
    streams = [name for _, name in document.find("streams", "*", "id") if isinstance(name, str)]
    for where, name in document.find("sinks", "*", "streams", "*"):
        if isinstance(name, str) and name not in streams:
            document.problem(where, f"is no stream; {suggestion(name, streams)}")
    for where, name in document.find("sinks", "*", "id"):
        if name == "main":
            document.problem(where, "is what the broker is called; give another name")
    files: dict[object, Where] = {}
    for where, file in document.find("sinks", "*", "file"):
        if isinstance(file, str) and files.setdefault(file, where) != where:
            document.problem(where, f"is written to by the sink{document.at(files[file])} already; give another file")


def _check_peers(document: Document) -> None:
    for where, kind in document.find("streams", "*", "source", "kind"):
        if kind in ("whip", "whep"):
            _check_installed(document, where, _WEBRTC)


def _check_files(document: Document) -> None:
    for pattern in _FILES:
        for where, path in document.find(*pattern):
            if isinstance(path, str) and path.isprintable() and (problem := unreadable(Path(path))):
                document.problem(where, problem)


def unreadable(path: Path, beside: Path | None = None) -> str:
    """What is wrong with a file; nothing if it is there. `beside`: where relative paths begin; None: where we are."""
    try:
        if path.is_file():
            return ""
    except OSError as error:
        return f"cannot be looked at ({error.strerror}); give a path that this user may read"
    return f"no such file: {path}; check the path (relative to {Path.cwd() if beside is None else beside.absolute()})"


def _read_cards(document: Document) -> dict[str, Card]:
    """What each recognizer's checkpoint says of itself, by the recognizer's name."""
    cards = {}
    defaults = RecognizerSection()
    for where, section in document.find("recognizers", "*"):
        if not isinstance(section, dict):
            continue
        _check_libraries(document, where, section)
        _check_placed(document, where, section)
        checkpoint, kind = section.get("checkpoint", defaults.checkpoint), section.get("kind", defaults.kind)
        if not (isinstance(checkpoint, str) and checkpoint.isprintable()):
            continue
        try:
            if kind == KIND:
                if (card_here := _folder_card(checkpoint, section)) is not None:
                    cards[str(where[-1])] = card_here
                continue
            _check_shadow(document, where, section, kind)
            card = read_card(checkpoint_path(checkpoint))
        except CheckpointMismatch as error:
            document.problem((*where, "checkpoint"), str(error))
            continue
        if card.kind != kind:
            document.problem(
                (*where, "checkpoint"), f"is a checkpoint of kind {card.kind}; give the right file or kind"
            )
        else:
            _check_of_kind(document, where, card, section)
        cards[str(where[-1])] = card
    return cards


def _check_shadow(document: Document, where: Where, section: Mapping[str, Any], kind: object) -> None:
    shadow = section.get("shadow")
    if not (isinstance(shadow, str) and shadow.isprintable()):
        return
    try:
        card = read_card(checkpoint_path(shadow))
    except CheckpointMismatch as error:
        document.problem((*where, "shadow"), str(error))
        return
    if card.kind != kind:
        document.problem((*where, "shadow"), f"is a checkpoint of kind {card.kind}; a shadow is of the live one's kind")
    elif problem := _unlike(card, section):
        document.problem((*where, "shadow"), problem)


def _unlike(card: Card, section: Mapping[str, Any]) -> str:
    if card.kind == "slowfast" and section.get("mode") == "stream" and not card.network.get("causal"):
        return NOT_CAUSAL
    return ""


def _check_placed(document: Document, where: Where, section: Mapping[str, Any]) -> None:
    """Settings that the kind does not take."""
    kind = section.get("kind", RecognizerSection().kind)
    if isinstance(kind, str) and kind in KINDS:
        for option, problem in misplaced(kind, said(section)).items():
            document.problem(where, problem, document.lines.get((*where, option)))


def _check_libraries(document: Document, where: Where, section: Mapping[str, Any]) -> None:
    kind = KINDS.get(str(section.get("kind")))
    if kind is not None and kind.library is not None:
        _check_installed(document, (*where, "kind"), kind.library)
    if section.get("runtime") == "openvino":
        _check_installed(document, (*where, "runtime"), OPENVINO)


def _check_installed(document: Document, where: Where, library: Library) -> None:
    try:
        there = find_spec(library.module) is not None
    except (ModuleNotFoundError, ValueError):  # the package that it is in is not there
        there = False
    if not there:
        document.problem(
            where, f"needs {library.module}, which is not installed; pip install 'taktstream[{library.extra}]'"
        )


def _check_of_kind(document: Document, where: Where, card: Card, section: Mapping[str, Any]) -> None:
    """What a kind needs besides its checkpoint."""
    if card.kind not in KINDS:
        return  # which is told of the section
    if (problem := wrong_labels(card)) is not None:
        document.problem((*where, "checkpoint"), problem)
    kind = KINDS[card.kind]
    if "mode" in kind.options and section.get("mode") == "stream" and not card.network.get("causal"):
        document.problem((*where, "mode"), NOT_CAUSAL)
    hop_s = section.get("hop_s")
    if isinstance(hop_s, int | float) and 0 < hop_s < math.inf:
        card = replace(card, spec=replace(card.spec, hop_s=float(hop_s)))
    if (problem := wrong_hop(card.spec, section)) is not None:
        document.problem(where, problem, document.lines.get((*where, "hop_s")))
    if str(card.network.get("flow")).startswith("dis_"):
        _check_installed(document, (*where, "checkpoint"), FLOW)
    if kind.finder is not None:
        given = section.get(kind.finder)
        if given is None or isinstance(given, str):
            _FINDERS[kind.finder](document, where, card, given)


def _check_joints(document: Document, where: Where, card: Card, given: str | None) -> None:
    """Something must find in pictures the joints that the network looks at."""
    layout, coordinates = card.network.get("layout"), card.network.get("coordinates")
    if not (isinstance(layout, str) and isinstance(coordinates, int)):
        return  # what such a card lacks is told by the recognizer
    part = "checkpoint"
    try:
        check_found(layout, coordinates)
        part = "pose_model"
        if given is None or is_file(Path(given)):  # what is not there is told of all files
            check_bundle(layout, coordinates, given)
    except CheckpointMismatch as error:
        document.problem((*where, part), str(error))


def _check_people(document: Document, where: Where, _: Card, given: str | None) -> None:
    """Something must find people in pictures."""
    try:
        if given is None:
            file_of("fastestdet", None, os.environ)
    except CheckpointMismatch as error:
        document.problem((*where, "actor_model"), str(error))


_FINDERS = {"pose_model": _check_joints, "actor_model": _check_people}
"""What is looked at where a kind needs something that finds what it looks at."""


def _folder_card(checkpoint: str, section: Mapping[str, Any]) -> Card | None:
    """What a video classifier's folder says; what the hub has of one is seen when the service starts."""
    source, background = source_of(checkpoint, section.get("fetch") is True), section.get("background")
    if not isinstance(source, Path):
        return None
    return folder_card(source, Wanted(background if isinstance(background, str) else None))


def _check_units(document: Document) -> None:
    """Who is to be told of a unit must follow a procedure, and somebody must be listened to."""
    for where, topic in document.find("streams", "*", "watches", "*", "unit", "topic"):
        if topic is None:
            continue
        if not any(path for _, path in document.find(*where[:-2], "procedure")):
            document.problem(where, "is of use only where a procedure is followed; give the watch its `procedure`")
        if not any(isinstance(broker, dict) for _, broker in document.find("mqtt")):
            document.problem(where, "comes over the broker, and there is none; give `mqtt`")


def _check_watches(document: Document, cards: Mapping[str, Card]) -> None:
    known: Any = document.value.get("recognizers")
    known = known if isinstance(known, dict) else {}
    for where, name in document.find("streams", "*", "watches", "*", "recognizer"):
        if not isinstance(name, str):
            continue
        if name not in known:
            document.problem(where, f"is no key of `recognizers`; {suggestion(name, known)}")
        elif name in cards:
            _check_actions(document, where[:-1], name, cards[name])


def _check_actions(document: Document, watch: Where, recognizer: str, card: Card) -> None:
    """A watch names actions that its recognizer knows."""
    unknown = f"the recognizer {recognizer} knows no such action"
    named = [(rule, rule[-1]) for rule, _ in document.find(*watch, "events", "*") if rule[-1] != "default"]
    named += [(where, one) for where, one in document.find(*watch, "evidence", "actions", "*") if one != "all"]
    named += document.find(*watch, "exclusive", "*", "*")
    for where, action in named:
        if isinstance(action, str | int) and action not in card.actions:
            document.problem(where, f"{unknown}; {suggestion(str(action), card.actions)}")
    if card.multilabel and any(section is not None for _, section in document.find(*watch, "decode")):
        document.problem((*watch, "decode"), f"{recognizer} says several actions at once; give thresholds instead")
    if not card.multilabel and (groups := list(document.find(*watch, "exclusive", "*"))):
        where, _ = groups[0]
        document.problem(where[:-1], f"{recognizer} says one action at a time: all are one group already; leave it out")


def _check_evidence(document: Document, cards: Mapping[str, Card]) -> None:
    """Actions of which every watch keeps pictures: one recognizer at least must know each."""
    known = {action for card in cards.values() for action in card.actions}
    for where, action in document.find("evidence", "actions", "*"):
        if known and isinstance(action, str) and action not in {"all", *known}:
            document.problem(where, f"no recognizer knows such an action; {suggestion(action, sorted(known))}")
    for where, blur in document.find("streams", "*", "blur"):
        if blur == "people":
            _check_blur(document, where)


def _check_blur(document: Document, where: Where) -> None:
    """Something must find people that are to be hidden."""
    _check_installed(document, where, PEOPLE)
    if any(path is not None for _, path in document.find("evidence", "actor_model")):
        return  # what is not there is told of all files
    try:
        file_of("fastestdet", None, os.environ)
    except CheckpointMismatch as error:
        document.problem(where, str(error))
