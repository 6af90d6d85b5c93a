"""Small data sets in the forms in which the published ones come, with real encoded films."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from streamer.testing.film import write_film

FPS = 10
ACTIONS = ("walk", "run", "jump")


def film(path: Path, seconds: float = 2.0, seed: int = 0, **more: str) -> Path:
    """A square that moves over a ground, which no two seeds share."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_film(path, shown(seconds, seed), FPS, **more)


def shown(seconds: float, seed: int, fps: int = FPS, width: int = 64, height: int = 48) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 200, (6, 8, 3), np.uint8)
    ground = small.repeat(height // 6, axis=0).repeat(width // 8, axis=1)
    pictures = []
    for number in range(round(seconds * fps)):
        picture = ground.copy()
        left = (number * 3 + seed) % (width - 12)
        picture[height // 4 : height // 4 + 12, left : left + 12] = 255
        pictures.append(picture)
    return pictures


def write_kinetics(folder: Path) -> Path:
    """Official lists; three labels, of each two videos to train on and one each to validate and test."""
    for split, numbers in {"train": (0, 1), "validate": (2,), "test": (3,)}.items():
        rows = ["label,youtube_id,time_start,time_end,split"]
        for label, action in enumerate(ACTIONS):
            for number in numbers:
                video = f"{action}_{number:08d}"
                rows.append(f"{action},{video},5,15,{split}")
                film(folder / "videos" / action / f"{video}_000005_000015.mp4", seed=10 * label + number)
        (folder / f"{split}.csv").write_text("\n".join(rows) + "\n")
    return folder


def write_charades(folder: Path) -> Path:
    """Two people to train on, one to test; walking and running overlap."""
    (folder / "Charades_v1_classes.txt").write_text(
        "".join(f"c{number:03d} {action}\n" for number, action in enumerate(ACTIONS))
    )
    columns = "id,subject,scene,quality,relevance,verified,script,objects,descriptions,actions,length"
    for split, people in {"train": ("ANNA", "BERT"), "test": ("CARL",)}.items():
        rows = [columns]
        for seed, person in enumerate(people, start=len(split)):
            for number in range(2):
                video = f"{person}{number}"
                actions = "c000 0.00 2.00;c001 1.00 3.00;c002 3.00 4.00" if number == 0 else "c002 0.00 3.00"
                rows.append(f'{video},{person},Kitchen,6,7,Yes,"Text, with a comma.",cup,"","{actions}",4.0')
                film(folder / "Charades_v1_480" / f"{video}.mp4", seconds=4.0, seed=10 * seed + number)
        (folder / f"Charades_v1_{split}.csv").write_text("\n".join(rows) + "\n")
    return folder


AVA_MAP = """item {
  name: "stand"
  id: 1
}
item {
  name: "talk to (e.g., self)"
  id: 3
}
"""


def write_ava(folder: Path) -> Path:
    """Films of eight seconds from second 900 on; two people in most key frames, one of them with two actions; label 2
    is in no map; a second is excluded, and one shows nobody."""
    (folder / "ava_action_list_v2.2_for_activitynet_2019.pbtxt").write_text(AVA_MAP)
    for split, videos in {"train": ("aaa", "bbb"), "val": ("ccc",)}.items():
        rows = []
        for seed, video in enumerate(videos, start=len(split)):
            film(folder / "videos" / f"{video}.mkv", seconds=8.0, seed=seed)
            for second in (902, 903, 904):
                rows.append(f"{video},{second:04d},0.100,0.200,0.400,0.900,1,0")
                rows.append(f"{video},{second:04d},0.100,0.200,0.400,0.900,3,0")
                rows.append(f"{video},{second:04d},0.500,0.100,0.900,0.950,{2 if second == 903 else 3},1")
            rows.append(f"{video},0905")
        (folder / f"ava_{split}_v2.2.csv").write_text("\n".join(rows) + "\n")
        (folder / f"ava_{split}_excluded_timestamps_v2.2.csv").write_text(f"{videos[0]},0904\n")
    return folder


def write_ucf(folder: Path) -> Path:
    """Split 1: group 1 is tested on."""
    lists: dict[str, list[str]] = {"train": [], "test": []}
    for label, action in enumerate(ACTIONS, start=1):
        for group in (1, 2, 3):
            name = f"{action}/v_{action}_g{group:02d}_c01.avi"
            film((folder / name).with_suffix(".mp4"), seed=10 * label + group)
            lists["test" if group == 1 else "train"].append(name if group == 1 else f"{name} {label}")
    for split, lines in lists.items():
        (folder / f"{split}list01.txt").write_text("\n".join(lines) + "\n")
    (folder / "classInd.txt").write_text("".join(f"{n} {action}\n" for n, action in enumerate(ACTIONS, start=1)))
    return folder


def write_hmdb(folder: Path) -> Path:
    for label, action in enumerate(ACTIONS):
        rows = []
        for number, side in enumerate((1, 1, 2, 0)):
            name = f"Film{number}_{action}_u_cm_np1_fr_med_{number}.avi"
            film((folder / "videos" / action / name).with_suffix(".mp4"), seed=10 * label + number)
            rows.append(f"{name} {side} ")
        (folder / f"{action}_test_split1.txt").write_text("\n".join(rows) + "\n")
    return folder


def quiet(what: str, done: int, of: int) -> None:
    assert 0 < done <= of, what
