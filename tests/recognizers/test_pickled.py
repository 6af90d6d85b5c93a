"""Plain values and arrays come out of a pickle as they went in; whatever else it asks for is refused, not done."""

from __future__ import annotations

import contextlib
import os
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizers.pickled import Refused, plain

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(value=values, protocol=st.sampled_from(PROTOCOLS))
def test_plain_values_come_out_as_they_went_in(value: Any, protocol: int) -> None:
    assert plain(pickle.dumps(value, protocol)) == value


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "array",
    [
        np.arange(24, dtype=np.float32).reshape(2, 3, 4),
        np.asfortranarray(np.arange(6, dtype=np.float64).reshape(2, 3)),
        np.arange(3, dtype=">i4"),
        np.array([True, False]),
        np.zeros((0, 3), np.int64),
        np.float32(2.5),
        np.array(7),
    ],
    ids=["float", "by column", "big endian", "boolean", "empty", "scalar", "no dimension"],
)
def test_arrays_come_out_as_they_went_in(array: np.ndarray, protocol: int) -> None:
    given_back = plain(pickle.dumps({"blob": array, "again": [array]}, protocol))
    for one in (given_back["blob"], given_back["again"][0]):
        np.testing.assert_array_equal(one, array)
        assert np.asarray(one).dtype.kind == array.dtype.kind
        assert np.asarray(one).dtype.isnative


def test_arrays_of_python_2_are_read() -> None:
    """As caffe2 wrote them: byte strings for everything, and numpy's old names."""
    header = b"\x80\x02}q\x01U\x05blobsq\x02}q\x03U\x06conv_wq\x04cnumpy.core.multiarray\n_reconstruct\nq\x05"
    shape = (
        b"cnumpy\nndarray\nq\x06K\x00\x85U\x01b\x87Rq\x07(K\x01K\x02K\x02\x86cnumpy\ndtype\nq\x08U\x02f4K\x00K\x01\x87R"
    )
    state = b"q\x09(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
    raw = np.array([[1, -2], [0.5, 200]], "<f4").tobytes()
    end = b"U" + bytes([len(raw)]) + raw + b"tbss."

    assert plain(header + shape + state + end)["blobs"]["conv_w"].tolist() == [[1, -2], [0.5, 200]]


def test_what_is_shared_is_not_multiplied() -> None:
    """A few bytes that would unfold to more than there is memory for."""
    shared: Any = "x"
    for _ in range(200):
        shared = (shared, shared)
    assert len(plain(pickle.dumps(shared))) == 2


PAIRED = b"".join(b"q" + bytes([n]) + b"h" + bytes([n]) + b"\x86" for n in range(40))
"""Pairs of what came before with itself: each is twice as long to compare."""


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x80\x02})" + b"\x85" * 200_000 + b"Ns.", "it has a tuple for a key"),
        (b"\x80\x02})" + PAIRED + b"Ns.", "it has a tuple for a key"),
        (b"\x80\x02}\x8a\x09" + b"\xff" * 8 + b"\x0fNs.", "it has a int for a key"),
        (b"\x80\x02ccollections\nOrderedDict\n(]])" + PAIRED + b"aNaatR.", "it has a tuple for a key"),
        (b"\x80\x02)" + b"\x85" * 200_000 + b".", "nested more than 250 deep"),
        (b"\x80\x02" + b"]" * 5000 + b"a" * 4999 + b".", "nested more than 250 deep"),
        (b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00a)" + PAIRED + b"\x86R.", "an encoding that numpy does not"),
        (b"\x80\x02cnumpy\ndtype\n(U\x02f4K\x00K\x01tR(K\x03)" + PAIRED + b"NNNtb.", "a byte order that is none"),
    ],
    ids=["deep key", "doubling key", "long key", "doubling key in order", "deep", "lists", "encoding", "byte order"],
)
def test_few_bytes_do_not_stand_for_endless_work(data: bytes, said: str) -> None:
    with pytest.raises(Refused, match=said):
        plain(data)


def test_the_same_bytes_do_not_become_arrays_again_and_again() -> None:
    dtype, state = b"cnumpy\ndtype\nU\x02f4K\x00K\x01\x87Rq\x01", b"(K\x03J\x10\x27\x00\x00\x85h\x01\x89h\x02tb"
    once = b"cnumpy.core.multiarray\n_reconstruct\n)R" + state
    data = b"\x80\x02](" + dtype + b"T\x40\x9c\x00\x00" + bytes(40_000) + b"q\x02" + once
    assert plain(data + b"e.")[-1].shape == (10_000,)
    with pytest.raises(Refused, match="makes more of its values than it holds"):
        plain(data + once * 100 + b"e.")


def test_marks_are_looked_for_from_the_top() -> None:
    """A hundred thousand of them above as many values would else be ten thousand million steps."""
    assert plain(b"\x80\x02]" + b"N" * 100_000 + b"(t0" * 100_000 + b"\x85.") == (None,)


class Asking:
    """Asks for a call of a function when it is read."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call


class Stateful:
    def __init__(self) -> None:
        self.weight = 1


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_no_function_is_called(tmp_path: Path, protocol: int) -> None:
    canary = tmp_path / "canary"
    asking = [
        (Asking(os.system, (f"touch {canary}",)), "it calls posix system"),
        (Asking(Path.touch, (canary,)), "it calls"),
        (Asking(eval, (f"open({str(canary)!r}, 'w')",)), "it calls"),
        (Asking(np.load, (str(canary), None, True)), "it calls numpy load"),
        (Stateful(), "it"),
        (np.float64, "it holds numpy float64"),
        (np.array([Asking(os.system, ("true",))], object), "it"),
        (np.array(["text"]), "it holds an array of"),
    ]
    for value, said in asking:
        with pytest.raises(Refused, match=said):
            plain(pickle.dumps({"blobs": [value]}, protocol))
    assert not canary.exists()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "damaged"),
        (b"no pickle", "damaged"),
        (pickle.dumps({"a": np.zeros(9)})[:-20], "damaged"),
        (b"\x80\x02R.", "its stack is empty"),
        (b"\x80\x02K\x01K\x02K\x03s.", "no dict"),
        (b"\x80\x02K\x01K\x02a.", "no list"),
        (b"\x80\x02K\x01}b.", "no array"),
        (b"\x80\x02K\x01Q.", "it asks for BINPERSID"),
        (b"\x80\x02\x82\x01.", "it asks for EXT1"),
        (b"\x80\x02h\x05.", "damaged"),
    ],
)
def test_what_is_no_pickle_of_plain_values_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(Refused, match=said):
        plain(data)


@given(st.binary(max_size=60))
def test_no_bytes_do_anything_else_than_a_value_or_a_refusal(data: bytes) -> None:
    with contextlib.suppress(Refused):
        assert plain(b"\x80\x02" + data) is not Refused


def test_an_array_that_lies_about_its_size_is_refused() -> None:
    data = pickle.dumps(np.zeros(4, np.float32), 2).replace(b"K\x04\x85", b"J\xff\xff\xff\x7f\x85")
    with pytest.raises(Refused, match="an array of"):
        plain(data)


def test_a_dict_in_order_is_a_dict() -> None:
    assert plain(pickle.dumps(OrderedDict(a=1, b=2))) == {"a": 1, "b": 2}
