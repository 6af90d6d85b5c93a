"""`takt procedure`: what it says to people and to machines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from streamer.cli import main
from streamer.event import Reason
from streamer.wire import action_message
from tests.streamer.procedure.test_evaluation import toys
from tests.streamer.procedure.work import action
from tests.streamer.settings.files import write_card

WORK = "name: w\nsteps:\n  tighten: {}\n  loosen: {after: [tighten], optional: true}\n"


def test_a_valid_procedure_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "w.yaml"
    file.write_text(WORK)
    card = write_card(tmp_path / "cell.safetensors", ("tighten", "loosen"))
    assert main(["procedure", "check", str(file), "--checkpoint", str(card), "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"procedure": "w", "file": str(file), "valid": True, "steps": 2, "optional": 1}
    assert err == f"{file} is valid: w, steps: 2, of which optional: 1\n"


def test_labels_are_held_against_all_recognizers_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "w.yaml"
    file.write_text(WORK)
    cards = [str(write_card(tmp_path / f"{one}.safetensors", (one,))) for one in ("tighten", "loosen")]
    assert main(["procedure", "check", str(file), "--checkpoint", cards[0]]) == 1
    assert "4: steps.loosen: no recognizer knows the action loosen" in capsys.readouterr().err
    assert main(["procedure", "check", str(file), "--checkpoint", cards[0], "--checkpoint", cards[1]]) == 0


def test_a_drawing_goes_to_standard_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "w.yaml"
    file.write_text(WORK)
    assert main(["procedure", "draw", str(file)]) == 0
    assert capsys.readouterr().out.startswith("<svg ")
    assert main(["procedure", "draw", str(file), "--format", "mermaid", "--json"]) == 0
    out, _ = capsys.readouterr()
    assert json.loads(out)["mermaid"].endswith("s0 --> s1\n")


def recorded(folder: Path, name: str, actions: str, reason: Reason = Reason.COMPLETED) -> str:
    """Three seconds each, two between; the last one ends for this reason."""
    events = []
    for n, one in enumerate(actions):
        why = reason if n == len(actions) - 1 else Reason.COMPLETED
        events += [action(one, 5.0 * n), action(one, 5.0 * n, 5.0 * n + 3, why)]
    file = folder / name
    file.write_text("".join(json.dumps(action_message(one, "replay").body) + "\n" for one in events))
    return str(file)


def test_a_procedure_is_proposed_by_recordings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [recorded(tmp_path, f"{n}.jsonl", actions) for n, actions in enumerate(("abc", "acb"))]
    assert main(["procedure", "learn", *files, "--name", "box"]) == 0
    proposal = tmp_path / "box.yaml"
    proposal.write_text(capsys.readouterr().out)
    assert "  b: {after: [a], min_s: 1.5, typical_s: 3, max_s: 4.5}" in proposal.read_text()
    assert main(["procedure", "check", str(proposal)]) == 0


def test_one_recording_shows_no_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["procedure", "learn", recorded(tmp_path, "a.jsonl", "ab")]) == 1
    assert "give more files" in capsys.readouterr().err


def test_verdicts_are_scored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    toys(tmp_path)
    assert main(["procedure", "evaluate", "--data", f"assembly101:{tmp_path}", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["macro_f1"], figures["mistakes"]) == (1.0, 3)


@pytest.mark.parametrize("kind", ["captaincook4d", "assembly101", "frames"])
def test_data_that_is_not_there_is_told(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["procedure", "evaluate", "--data", f"{kind}:{tmp_path}"]) == 1
    assert f"is no data of kind {kind}" in capsys.readouterr().err
    assert main(["procedure", "evaluate", "--data", f"dance:{tmp_path}"]) == 1
    assert "must be KIND:PATH with one of captaincook4d, assembly101, frames" in capsys.readouterr().err


def test_recorded_work_is_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = tmp_path / "w.yaml"
    work.write_text("name: w\nsteps:\n  a: {}\n  b: {after: [a]}\n  c: {after: [b]}\ncycle: {ends_with: c}\n")
    assert main(["procedure", "judge", str(work), recorded(tmp_path, "e.jsonl", "ac"), "--json"]) == 0
    out, err = capsys.readouterr()
    told = [json.loads(line) for line in out.splitlines()]
    assert [one.get("verdict") or one["phase"] for one in told] == [
        "started", "done", "premature", "premature", "done", "missed", "completed",
    ]  # fmt: skip
    assert "1970-01-01T00:00:05.000Z  c: premature; missing b" in err.splitlines()


def test_what_a_sink_kept_is_judged_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = tmp_path / "w.yaml"
    work.write_text("name: w\nsteps:\n  a: {}\n  b: {after: [a]}\n")
    plain = Path(recorded(tmp_path, "e.jsonl", "ab"))
    kept = tmp_path / "kept.jsonl"
    bodies = [json.loads(line) for line in plain.read_text().splitlines()]
    bodies.insert(1, {"schema": "takt.gap.v1", "type": "gap"})
    kept.write_text("".join(json.dumps({"topic": "cell/events", "payload": body}) + "\n" for body in bodies))
    told = []
    for file in (plain, kept):
        assert main(["procedure", "judge", str(work), str(file), "--json"]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    assert '"verdict":"done"' in told[0]


def test_what_the_camera_lost_is_inconclusive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = tmp_path / "w.yaml"
    work.write_text("name: w\nsteps:\n  a: {}\n  b: {after: [a]}\n")
    file = recorded(tmp_path, "e.jsonl", "ab", Reason.SOURCE_LOST)
    assert main(["procedure", "judge", str(work), file, "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["step"], one["verdict"]) for one in told if one["type"] == "step"] == [
        ("a", "done"), ("b", "inconclusive"),
    ]  # fmt: skip
    assert told[-1]["reason"] == "source_ended"
