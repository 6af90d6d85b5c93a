"""The one door to LiteRT, which runs the networks of published `.task` bundles (zip files of `.tflite` networks)."""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognizers.errors import CheckpointMismatch, DeviceFailed
from recognizers.files import opened

Shape = tuple[int, ...]

_LARGEST = 1 << 28
"""Bytes of a network; those that are published have a twentieth of it. A bundle may be packed to a thousandth."""
_ENCRYPTED = 1
"""A flag of zip files."""


class Network:
    """One network: a picture in, some of its outputs out. For one thread at a time."""

    def __init__(self, bundle: Path, member: str, shapes: Sequence[Shape], threads: int) -> None:
        """`shapes`: of the input, then of the first outputs, in their order, each without the leading 1.

        Raises:
            CheckpointMismatch: the bundle is missing, damaged or holds another network; LiteRT is not installed.
        """
        self._interpreter = _interpreter(content(bundle, member), f"{bundle}: {member}", threads)
        inputs, outputs = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        found = [tuple(int(length) for length in one["shape"][1:]) for one in (*inputs, *outputs)]
        if found[: len(shapes)] != list(shapes) or len(inputs) != 1:
            raise CheckpointMismatch(
                f"{bundle}: {member} has the shapes {found}, not {list(shapes)}; give the bundle for these joints"
            )
        self._input = inputs[0]["index"]
        self._outputs = [one["index"] for one in outputs[: len(shapes) - 1]]

    def __call__(self, picture: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """The outputs, each without the leading 1.

        Raises:
            DeviceFailed: not this time.
        """
        try:
            self._interpreter.set_tensor(self._input, picture[None])
            self._interpreter.invoke()
            return [self._interpreter.get_tensor(one)[0] for one in self._outputs]
        except RuntimeError as error:
            raise DeviceFailed(f"LiteRT failed: {error}") from error


def content(bundle: Path, name: str) -> bytes:
    """A network of a bundle, by its file's name; read without LiteRT.

    Raises:
        CheckpointMismatch: the bundle is missing or damaged, has no such network, or one that is larger than any.
    """
    try:
        with opened(bundle) as file, zipfile.ZipFile(file) as members:
            if name not in members.namelist():
                held = ", ".join(members.namelist()[:4]) or "nothing"
                raise CheckpointMismatch(
                    f"{bundle} has no network {name}; it holds {held}: give the bundle for these joints"
                )
            told = members.getinfo(name)
            if told.file_size > _LARGEST:
                raise CheckpointMismatch(f"{bundle}: {name} has {told.file_size} bytes, more than a network has")
            if told.flag_bits & _ENCRYPTED or told.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise CheckpointMismatch(f"{bundle}: {name} is encrypted, or packed as no bundle is; get it again")
            return members.read(told)
    except OSError as error:
        raise CheckpointMismatch(f"cannot read {bundle}: {error.strerror or error}; check the path") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, struct.error) as error:
        raise CheckpointMismatch(f"{bundle} is damaged or no bundle of networks ({error}); get it again") from error


def _interpreter(model: bytes, named: str, threads: int) -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 - optional
    except ImportError as error:
        raise CheckpointMismatch(
            "what finds joints needs LiteRT, which is not installed; pip install 'taktstream[pose]'"
        ) from error
    try:
        with _ungreeted():
            interpreter = Interpreter(model_content=model, num_threads=threads)
            interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise CheckpointMismatch(f"{named} is damaged ({error}); get it again") from error
    return interpreter


@contextmanager
def _ungreeted() -> Iterator[None]:
    """LiteRT says on the process's standard error that it is there, past every log, and cannot be told not to: who
    reads our log as JSON would stumble over it."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
