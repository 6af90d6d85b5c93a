"""Writing to standard output, which may take nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Unwritable(Exception):
    """Standard output takes nothing: a file on a full disk, a device without room."""


@contextmanager
def writing() -> Iterator[None]:
    """Write to standard output inside.

    Raises:
        Unwritable: it takes nothing.
        BrokenPipeError: nobody reads it any more (`takt … | head`).
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Unwritable(f"standard output cannot be written: {error.strerror}; send it where there is room") from error
