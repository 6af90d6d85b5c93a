"""Names of units, out of whatever a scanner or a MES sends."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.units import LONGEST, Named, UnitTopic, named

PLAIN = UnitTopic("scan")
JSON = UnitTopic("scan", field="part.serial", work_order="order")


@pytest.mark.parametrize(
    ("payload", "how", "said"),
    [
        (b"SN-0042", PLAIN, Named("SN-0042")),
        (b" SN-0042\r\n", PLAIN, Named("SN-0042")),
        ("Gehäuse 7".encode(), PLAIN, Named("Gehäuse 7")),
        (b'{"part": {"serial": "SN-1"}, "order": "A-9"}', JSON, Named("SN-1", "A-9")),
        (b'{"part": {"serial": 4711}, "order": 12}', JSON, Named("4711", "12")),
        (b'{"part": {"serial": "SN-1"}}', JSON, Named("SN-1")),
        (b'{"sn": "SN-1", "more": [1, 2]}', UnitTopic("scan", field="sn"), Named("SN-1")),
    ],
)
def test_a_name_is_found(payload: bytes, how: UnitTopic, said: Named) -> None:
    assert named(payload, how) == said


@pytest.mark.parametrize(
    ("payload", "how", "why"),
    [
        (b"", PLAIN, "no name in the payload"),
        (b"  \n", PLAIN, "no name"),
        (b"x" * (LONGEST + 1), PLAIN, "no name"),
        (b"SN\x1b[31m", PLAIN, "no name"),
        (b"\xff\xfe", PLAIN, "not text"),
        (b"SN-1", JSON, "no JSON"),
        (b"[" * 50_000, JSON, "no JSON"),
        (b"[1, 2]", JSON, "no name in part.serial"),
        (b'{"part": "serial"}', JSON, "no name in part.serial"),
        (b'{"part": {"serial": null}}', JSON, "no name in part.serial"),
        (b'{"part": {"serial": true}}', JSON, "no name in part.serial"),
        (b'{"part": {"serial": 1.5}}', JSON, "no name in part.serial"),
        (b'{"part": {"serial": {"a": 1}}}', JSON, "no name in part.serial"),
        (b'{"part": {"serial": "SN-1"}, "order": []}', JSON, "no name in order"),
    ],
)
def test_what_is_no_name_is_refused_and_not_quoted(payload: bytes, how: UnitTopic, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        named(payload, how)
    assert "SN" not in str(caught.value)


@given(
    st.binary(max_size=300)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps).map(str.encode)
)
def test_whatever_comes_is_a_short_name_or_refused(payload: bytes) -> None:
    for how in (PLAIN, JSON, UnitTopic("scan", work_order="a.b")):
        try:
            said = named(payload, how)
        except ValueError:
            continue
        assert 0 < len(said.unit_id) <= LONGEST
        assert said.unit_id.isprintable()
