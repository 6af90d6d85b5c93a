"""UCF101 (Soomro et al., 2012) and HMDB51 (Kuehne et al., 2011) by their official split lists, three of each.

* UCF101: `trainlist01.txt` (`Archery/v_Archery_g08_c01.avi 1` a line), `testlist01.txt` (without the number) and
  `classInd.txt` (`1 ApplyEyeMakeup`).
* HMDB51: `brush_hair_test_split1.txt` for each class, `name.avi 1` a line: 1 is trained on, 2 tested on, 0 neither.

Videos are found by name in whatever folder. Their groups come from their names: UCF101's `g08`, with its class; of
HMDB51 the film that a clip was cut from.
"""

from __future__ import annotations

import re
from pathlib import Path

from recognizers.data.labelmap import read_labels
from recognizers.data.listing import Listing, Recording, Span, found_videos, lines_of
from recognizers.errors import DataError

_UCF = "one video a line, as trainlist01.txt and testlist01.txt of UCF101"
_HMDB = "'name.avi 1' a line (1 to train on, 2 to test on, 0 neither), as brush_hair_test_split1.txt of HMDB51"


def read_splits(path: Path, videos: Path | None = None, number: int = 1) -> Listing:
    """Of the folder of the lists, or of one of them, whose split is then the one that is taken.

    Args:
        videos: where the videos are; None: the lists' folder.
        number: of the split, where a folder is given.

    Raises:
        DataError: there are no such lists, or lines of them are none.
    """
    if path.is_file():
        numbers = re.findall(r"(\d+)\.txt$", path.name)
        number, path = int(numbers[0]) if numbers else number, path.parent
    found = found_videos(videos or path)
    at = videos or path
    ucf = [(path / f"{split}list{number:02d}.txt", split) for split in ("train", "test")]
    if any(listing.is_file() for listing, _ in ucf):
        return _ucf(path, number, [(one, split) for one, split in ucf if one.is_file()], found, at)
    hmdb = sorted(path.glob(f"*_test_split{number}.txt"))
    if not hmdb:
        raise DataError(
            f"{path} holds no split {number}; it needs trainlist{number:02d}.txt and testlist{number:02d}.txt, or "
            f"CLASS_test_split{number}.txt for each class"
        )
    return _hmdb(number, hmdb, found, at)


def _ucf(folder: Path, number: int, lists: list[tuple[Path, str]], found: dict[str, Path], videos: Path) -> Listing:
    recordings = []
    for listing, split in lists:
        for at, line in lines_of(listing, _UCF):
            shown = re.sub(r"\s+\d+$", "", line.strip())
            if "/" not in shown:
                raise DataError(f"{listing}:{at}: {line!r} is no class and video; the file holds {_UCF}")
            label, video = shown.split("/", 1)
            stem = Path(video).stem
            group = re.search(r"_g\d+", stem)
            # A group is of people doing one thing; the same number in another class is others.
            whose = label + (group[0] if group else f" {stem}")
            recordings.append(Recording(found.get(stem, videos / shown), whose, (Span(label),), split))
    named = folder / "classInd.txt"
    own = sorted({span.label for recording in recordings for span in recording.spans})
    labels = read_labels(named) if named.is_file() else tuple(own)
    return Listing(f"split {number:02d} of {folder.name}", labels, tuple(recordings))


def _hmdb(number: int, lists: list[Path], found: dict[str, Path], videos: Path) -> Listing:
    recordings, labels = [], []
    for listing in lists:
        label = listing.name.removesuffix(f"_test_split{number}.txt")
        labels.append(label)
        for at, line in lines_of(listing, _HMDB):
            video, _, side = line.strip().rpartition(" ")
            if side not in ("0", "1", "2") or not video:
                raise DataError(f"{listing}:{at}: {line!r} names no side; the file holds {_HMDB}")
            if side == "0":
                continue
            stem = Path(video.strip()).stem
            film = stem.split(f"_{label}_")[0]
            path = found.get(stem, videos / label / video.strip())
            recordings.append(Recording(path, film, (Span(label),), "train" if side == "1" else "test"))
    return Listing(f"HMDB51, split {number}", tuple(sorted(labels)), tuple(recordings))
