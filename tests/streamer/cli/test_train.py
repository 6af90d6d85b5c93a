"""Laws of `takt train`: a checkpoint with its card, and mistakes before any work."""

import json
from pathlib import Path

import pytest

from recognizers.checkpoint import load
from streamer.cli import main
from streamer.settings import load_training

TINY = """
out: {out}
licence: MIT
network: {{size: small, crop_px: 32}}
data: {{work_cell: {{seed: 7, sessions: 1, session_s: 40.0, held_out: 1, elsewhere: 1}}}}
recipe: {{steps: 1, batch: 2, threads: 1}}
"""


def test_it_writes_a_checkpoint_and_its_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, config = tmp_path / "tiny.safetensors", tmp_path / "tiny.yaml"
    config.write_text(TINY.format(out=out))
    assert main(["train", str(config), "--json"]) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    card, _ = load(out)
    assert said == [
        {
            "checkpoint": str(out),
            "card": str(tmp_path / "tiny.md"),
            "top1": card.trained["held_out"]["top1"],
            "held_out": card.trained["held_out"],
        }
    ]
    assert card.licence == "MIT"
    below = card.trained["known_above"]["max_logit"]
    assert f"`abstain_below: {below:g}`" in (tmp_path / "tiny.md").read_text()
    assert "tighten" in (tmp_path / "tiny.md").read_text()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "out: x.safetensors\ndata: {}\n",
            "2: data: must have exactly one of work_cell, clips, folder, recordings, kinetics, charades, splits, ava, "
            "skeletons and bench_pairs",
        ),
        ("out: x.safetensors\ndata: {work_cel: {}}\n", "2: data.work_cel: unknown key; did you mean work_cell?"),
        ("data: {work_cell: {}}\nrecipe: {steps: 0}\n", "2: recipe.steps: must be greater than or equal to 1"),
        (
            "out: x.safetensors\nnetwork: {kind: huggingface}\ndata: {work_cell: {}}\n",
            "2: network.kind: must be 'slowfast', 'slowfast_actors', ",
        ),
        (
            "out: x.safetensors\nnetwork: {hop_s: 0.001}\ndata: {work_cell: {}}\n",
            "network.hop_s: 0.001 s is no picture further, since pictures of a clip are 0.125 s apart; give at least",
        ),
        ("out: x.md\ndata: {work_cell: {}}\n", "1: out: must be a file that ends in .safetensors, e.g. models/cell.s"),
        ("out: x.json\ndata: {work_cell: {}}\n", "1: out: must be a file that ends in .safetensors"),
        ("out: x.state\ndata: {work_cell: {}}\n", "1: out: must be a file that ends in .safetensors"),
        ("out: x.pt\ndata: {work_cell: {}}\n", "1: out: must be a file that ends in .safetensors"),
        (
            "out: x.safetensors\nnetwork: {numbers: {causal: 'no'}}\ndata: {work_cell: {}}\n",
            "network: causal is 'no'; it must be true or false",
        ),
        (
            "out: x.safetensors\nnetwork: {size: tiny}\ndata: {work_cell: {}}\n",
            "network: no size 'tiny'; there are: small",
        ),
        ("out: x.safetensors\nnetwork: {numbers: {hue: 1}}\ndata: {work_cell: {}}\n", "network: no number hue; there"),
        (
            "out: x.safetensors\nnetwork: {kind: san}\ndata: {skeletons: {path: /nowhere.npz, held_out: [1]}}\n",
            "cannot read the skeletons /nowhere.npz: No such file or directory",
        ),
        (
            "out: x.safetensors\ndata: {skeletons: {path: /nowhere.npz, held_out: [1]}}\n",
            "a slowfast network looks at pictures, the data are skeletons; train a san",
        ),
        (
            "out: x.safetensors\nnetwork: {kind: san}\ndata: {work_cell: {}}\n",
            "a san network looks at people's joints; give data.skeletons or data.clips",
        ),
        (
            "out: x.safetensors\nnetwork: {kind: san, numbers: {layout: msr20}}\ndata: {clips: {folder: /nowhere}}\n",
            "the network looks at msr20 in 2 dimensions, which nothing finds in pictures",
        ),
        (
            "out: x.safetensors\nnetwork: {kind: san}\ndata: {clips: {folder: /nowhere, pose_model: /no.task}}\n",
            "no such file: /no.task; check the path",
        ),
        ("out: x.safetensors\ndata: {clips: {folder: /nowhere}}\n", "/nowhere/clips.csv: No such file or directory"),
    ],
)
def test_mistakes_are_told_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    config = tmp_path / "bad.yaml"
    config.write_text(text)
    assert main(["train", str(config)]) == 1
    assert says in capsys.readouterr().err


def test_the_shipped_training_files_are_valid() -> None:
    root = Path(__file__).parents[3]
    assert load_training(root / "config/training/cell.yaml", {}).data.work_cell is not None
    assert load_training(root / "config/training/actors.yaml", {}).data.bench_pairs is not None
    folder = load_training(root / "config/training/folder.yaml", {"DATA": "some"}).data.folder
    assert folder is not None
    skeletons = load_training(root / "config/training/skeletons.yaml", {"SKELETONS": "some.npz"}).data.skeletons
    assert skeletons is not None
    named = {"CLIPS": "clips", "SCENES": "scenes", "CHECKPOINT": "x.safetensors"}
    assert load_training(root / "benchmarks/ucf101.yaml", named).data.clips is not None
