"""What strangers write is looked at before a library does."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.errors import OfferRefused
from streamer.sources.sdp import checked_offer, fragment, ice_names, is_reachable
from tests.streamer.sources.offers import AUDIO, CANDIDATE, DATA, HEAD, VIDEO, offer


def test_an_offer_of_one_video_track_is_taken() -> None:
    for media in ([VIDEO], [AUDIO, VIDEO], [VIDEO, AUDIO]):
        assert checked_offer(offer(*media)) == offer(*media)


@pytest.mark.parametrize(
    ("text", "words", "malformed"),
    [
        ("", "begins with v=0", True),
        ("hello", "begins with v=0", True),
        (HEAD, "no media", True),
        (offer(AUDIO), "0 video and 1 audio", False),
        (offer(VIDEO, VIDEO), "2 video", False),
        (offer(*[VIDEO] * 100), "100 video", False),
        (offer(VIDEO, AUDIO, AUDIO), "2 audio", False),
        (offer(VIDEO, DATA), "data channels", False),
        (offer(VIDEO, "m=text 9 X 1\r\n"), "text is not taken", False),
        (offer(VIDEO.replace("a=sendonly", "a=recvonly")), "does not send", False),
        (offer(VIDEO.replace("H264", "AV1").replace("VP8", "VP9")), "neither H.264 nor VP8", False),
        (offer(VIDEO.replace("a=ice-pwd", "a=x")), "no a=ice-pwd", True),
        (offer(VIDEO.replace("a=fingerprint", "a=x")), "no a=fingerprint", True),
        (offer(VIDEO.replace("AB:AB", "ZZ:ZZ")), "fingerprint is none", True),
        (offer(VIDEO + CANDIDATE * 65), "more than 64 candidates", True),
        (offer(VIDEO + "a=x\r\n" * 2000), "lines; at most", True),
    ],
)
def test_whatever_else_is_refused_in_words(text: str, words: str, malformed: bool) -> None:
    with pytest.raises(OfferRefused, match=words) as caught:
        checked_offer(text)
    assert caught.value.malformed is malformed
    assert len(str(caught.value)) < 200


def test_names_of_hosts_are_not_asked_for() -> None:
    hidden = CANDIDATE.replace("192.0.2.7", "6a1e.local")
    checked = checked_offer(offer(VIDEO + CANDIDATE + hidden))
    assert "192.0.2.7" in checked
    assert ".local" not in checked
    assert not is_reachable(hidden.strip())
    assert not is_reachable("a=candidate:1")


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    for whole in (text, HEAD + text, offer(VIDEO + text)):
        with suppress(OfferRefused):
            assert "m=video" in checked_offer(whole)


def test_what_trickles_in_names_candidates_and_whose_they_are() -> None:
    more = fragment(
        f"a=ice-ufrag:abcd\r\na=ice-pwd:x\r\nm=video 9 X 0\r\na=mid:0\r\n{CANDIDATE}a=end-of-candidates\r\n"
    )
    assert (more.candidates, more.names) == ((CANDIDATE.strip(),), {"abcd"})
    assert ice_names(offer(VIDEO)) == {"abcd"}
    for wrong in ("", "hello", CANDIDATE * 65):
        with pytest.raises(OfferRefused):
            fragment(wrong)
