"""A film as a row of evenly spaced pictures that are decoded when they are asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from recognizers.clip import WHOLE_PICTURE, Picture, Region
from recognizers.data.track import squares
from recognizers.data.video import Facts, facts, pictures_at
from recognizers.transforms import crop_to_region, resized

_SPARE = 1.5
"""Pictures are decoded so much larger than they are kept, and then resized as live ones are."""
_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Cut:
    """How pictures of a film are kept."""

    height_px: int
    width_px: int
    central: bool = True
    """The central square, as most recognizers look at it; otherwise the whole picture, stretched where its shape is
    another."""
    region: Region = WHOLE_PICTURE
    """Nothing but this is looked at."""

    @classmethod
    def square(cls, side_px: int, region: Region = WHOLE_PICTURE) -> Cut:
        return cls(side_px, side_px, region=region)

    @classmethod
    def whole(cls, film: Facts, short_side_px: int) -> Cut:
        """Of a film's own shape, `short_side_px` on the short side."""
        scale = short_side_px / min(film.height, film.width)
        return cls(round(film.height * scale), round(film.width * scale), central=False)

    @property
    def decoded_px(self) -> int:
        """The short side at which pictures are decoded."""
        share = min(self.region.right - self.region.left, self.region.bottom - self.region.top)
        return int(min(self.height_px, self.width_px) * _SPARE / share)

    def of(self, pictures: Sequence[Picture]) -> NDArray[np.uint8]:
        """Pictures of one size → `(N, height_px, width_px, 3)`."""
        if self.region != WHOLE_PICTURE:
            pictures = [crop_to_region(picture, self.region) for picture in pictures]
        if self.central and self.height_px == self.width_px:
            return squares(pictures, self.height_px)
        return resized(pictures, self.height_px, self.width_px).permute(0, 2, 3, 1).numpy()


class Shelf:
    """The pictures that were asked for last, of all films together; may be used by several threads."""

    def __init__(self, most_bytes: int) -> None:
        self._most, self._held = most_bytes, 0
        self._pictures: OrderedDict[tuple[Hashable, int], NDArray[np.uint8]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._pictures)

    def get(self, film: Hashable, position: int) -> NDArray[np.uint8] | None:
        with self._lock:
            found = self._pictures.get((film, position))
            if found is not None:
                self._pictures.move_to_end((film, position))
            return found

    def put(self, film: Hashable, position: int, picture: NDArray[np.uint8]) -> None:
        """The oldest ones make room."""
        with self._lock:
            if (film, position) in self._pictures:
                return
            self._pictures[film, position] = picture
            self._held += picture.nbytes
            while self._held > self._most and self._pictures:
                self._held -= self._pictures.popitem(last=False)[1].nbytes


class FilmPictures:
    """`film[positions]` as of an array `(N, H, W, 3)`; decodes those, from the key frame before them on."""

    def __init__(
        self, path: Path, rate_hz: float, cut: Cut, shelf: Shelf, start_s: float = 0.0, end_s: float | None = None
    ) -> None:
        """Of what lies between two seconds of the film. Raises DataError where the file cannot be opened."""
        self._path, self._rate_hz, self._cut, self._shelf, self._start_s = path, rate_hz, cut, shelf, start_s
        self._length = facts(path).length(rate_hz, start_s, end_s)
        self._key = (path, rate_hz, cut, start_s)

    def __len__(self) -> int:
        return self._length

    @property
    def shape(self) -> tuple[int, ...]:
        return self._length, self._cut.height_px, self._cut.width_px, 3

    def __getitem__(self, positions: NDArray[np.intp], /) -> NDArray[np.uint8]:
        """`(K, H, W, 3)` of positions `(K,)` in whatever order.

        Raises:
            DataError: the film cannot be decoded there.
        """
        places = [int(place) for place in np.arange(self._length)[positions]]
        held = {place: picture for place in places if (picture := self._shelf.get(self._key, place)) is not None}
        missing = sorted(set(places) - set(held))
        for place, picture in zip(missing, self._decoded(missing), strict=True):
            held[place] = picture
            self._shelf.put(self._key, place, picture)
        return np.stack([held[place] for place in places])

    def decoded(self) -> NDArray[np.uint8]:
        """All of it."""
        return np.stack(list(self._decoded(range(self._length))))

    def _decoded(self, positions: Sequence[int]) -> Iterator[NDArray[np.uint8]]:
        shown = pictures_at(self._path, positions, self._rate_hz, self._cut.decoded_px, self._start_s)
        while some := list(islice(shown, _AT_ONCE)):
            yield from (picture.copy() for picture in self._cut.of(some))
