"""What a publisher sends becomes frames, and what aiortc would do to a long-lived service does not happen."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from aiortc import RTCRtpCodecParameters
from aiortc.rtp import RtpPacket

from recognizers.clip import Picture
from streamer.errors import SourceUnavailable
from streamer.evidence.developing import Here
from streamer.evidence.orders import ClipOrder
from streamer.evidence.privacy import Privacy
from streamer.media.ring import PacketRing
from streamer.sources.incoming import Incoming
from streamer.sources.webrtc import _INSIDES, _OF_RECEIVER, _Guard, _Newest, _Packets
from streamer.sources.whip import Occupied
from streamer.testing.film import moving_square, write_film
from streamer.testing.messages import action_event
from streamer.testing.peers import DrawnTrack, FilmTrack, answered, loopback_only, offered, peer, until, vanish
from streamer.testing.time import FakeClock
from tests.streamer.sources.cameras import CLOCK, Counts, decode_threads, draw
from tests.streamer.sources.publishers import published_source, publishing, some


@pytest.fixture(autouse=True)
def _loopback() -> Iterator[None]:
    with loopback_only():
        yield
    assert decode_threads() == []


def square(picture: Picture) -> tuple[float, float]:
    """Where the bright square is, in fractions of the picture."""
    rows, columns = np.nonzero(picture[:, :, 0].astype(int) - picture[:, :, 2] > 60)
    return float(columns.mean()) / picture.shape[1], float(rows.mean()) / picture.shape[0]


@pytest.mark.parametrize("codec", ["vp8", "h264"])
async def test_what_is_published_arrives(codec: str) -> None:
    counts = Counts()
    source = published_source(counts)
    async with publishing(source, DrawnTrack(draw), codec=codec):
        frames = await some(source, 25, epoch=7)
    assert {(frame.stream, frame.epoch, frame.picture.shape) for frame in frames} == {("cam", 7, (90, 160, 3))}
    assert (np.diff([frame.media_s for frame in frames]) > 0).all()
    assert (np.diff([frame.captured_at for frame in frames]) > 0).all()
    for frame in frames:
        assert abs(frame.captured_at - CLOCK.now()) < 10
        assert np.hypot(*np.subtract(square(frame.picture), (0.5, 0.5))) == pytest.approx(0.3, abs=0.06)
    assert counts.endings == ["closed"]


@pytest.mark.parametrize("codec", ["vp8", "h264"])
async def test_what_a_peer_sends_can_be_kept_and_is_coded_anew(codec: str) -> None:
    """It may change the size of its pictures, and browsers play no VP8 in an MP4."""
    ring = PacketRing(20.0, 16 << 20)
    source = published_source(tap=ring)
    async with publishing(source, DrawnTrack(draw), codec=codec):
        frames = await some(source, 30, epoch=7)
    excerpt = ring.excerpt(7, 0.0, frames[-1].media_s)
    assert (excerpt.coding.codec, excerpt.start_s) == (codec, pytest.approx(0.0, abs=1e-6))
    event = action_event()
    made = ClipOrder(event, excerpt, event.at, (event.at, event.at + 1), Privacy()).content(Here())
    with av.open(io.BytesIO(made)) as film:
        assert film.streams.video[0].codec_context.name == "h264"
        pictures = [(frame.time, frame.to_ndarray(format="rgb24")) for frame in film.decode(video=0)]
    assert pictures[-1][0] == pytest.approx(frames[-1].media_s, abs=0.05)
    for _, picture in pictures:
        assert np.hypot(*np.subtract(square(picture), (0.5, 0.5))) == pytest.approx(0.3, abs=0.06)


async def test_pictures_are_dated_by_the_senders_clock() -> None:
    counts = Counts()
    source = published_source(counts)
    async with publishing(source, DrawnTrack(draw)):
        async for _ in source.frames(1):
            if "rtcp" in counts.clocks:
                break
    assert counts.clocks[-1] == "rtcp"


async def test_a_publisher_that_leaves_ends_the_epoch_and_another_begins_the_next() -> None:
    source = published_source()
    for epoch in (1, 2):
        async with publishing(source, DrawnTrack(draw)) as publisher:
            with pytest.raises(SourceUnavailable) as caught:
                async for frame in source.frames(epoch):
                    assert frame.epoch == epoch
                    await publisher.close()
            assert caught.value.reason == "eof"


async def test_a_publisher_that_vanishes_is_noticed_by_its_pictures() -> None:
    """aioice notices after half a minute."""
    source = published_source(stall_timeout_s=1.0)
    async with publishing(source, DrawnTrack(draw)) as publisher:
        with pytest.raises(SourceUnavailable) as caught:
            async with asyncio.timeout(8):
                async for _ in source.frames(1):
                    vanish(publisher)
    assert caught.value.reason == "stall"


async def test_a_second_publisher_waits_until_the_first_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamer.sources.whip.TAKE_OVER_S", 0.5)
    source = published_source()
    async with publishing(source, DrawnTrack(draw)) as first:
        frames = source.frames(1)
        await anext(frames)
        async with peer(DrawnTrack(draw)) as second:
            offer = await offered(second)
            with pytest.raises(Occupied):
                await source.publish(offer)
            vanish(first)
            await until(lambda: source._peer is not None and source._peer.incoming.silent_s > 0.5)
            session = await source.publish(offer)
            await answered(second, session.answer)
            with pytest.raises(SourceUnavailable, match="took its place"):
                async for _ in frames:
                    pass
            assert len(await some(source, 3, epoch=2)) == 3


async def test_aiortcs_own_farewell_goes_on_where_ours_is_given_up() -> None:
    source = published_source()
    async with publishing(source, DrawnTrack(draw)):
        left = source._peer
        assert left is not None
        own = asyncio.ensure_future(left._connection.close())
        await asyncio.sleep(0)
        ours = asyncio.ensure_future(left.close())
        await asyncio.sleep(0)
        assert not own.done()
        ours.cancel()
        await own
    assert left._connection.connectionState == "closed"


async def test_who_offers_and_never_comes_is_forgotten() -> None:
    source = published_source(open_timeout_s=0.3)
    async with peer(DrawnTrack(draw)) as publisher:
        await source.publish(await offered(publisher))
        with pytest.raises(SourceUnavailable) as caught:
            await some(source, 1)
    assert caught.value.reason == "timeout"
    assert source._peer is None


async def test_a_size_that_changes_ends_nothing_while_the_shape_stays() -> None:
    """Browsers send smaller pictures when they are short of breath."""
    sizes = [(320, 180), (640, 360), (480, 270)]
    shown = 0

    def changing(t_s: float) -> Picture:
        return next(moving_square(0.1, 25, *sizes[min(shown // 20, 2)]))

    source = published_source()
    async with publishing(source, DrawnTrack(changing)):
        frames = source.frames(1)
        async for frame in frames:
            shown += 1
            assert frame.picture.shape == (90, 160, 3)
            if shown == 60:
                break
        await frames.aclose()
    assert shown == 60


async def test_a_phone_that_is_turned_begins_an_epoch_with_the_same_publisher() -> None:
    turned = threading.Event()

    def phone(t_s: float) -> Picture:
        return next(moving_square(0.1, 25, *((180, 320) if turned.is_set() else (320, 180))))

    source = published_source()
    async with publishing(source, DrawnTrack(phone)):
        with pytest.raises(SourceUnavailable) as caught:
            async for _ in source.frames(1):
                turned.set()
        assert caught.value.reason == "changed"
        frames = await some(source, 3, epoch=2)
    assert {frame.picture.shape for frame in frames} == {(160, 90, 3)}


async def test_key_frames_of_many_packets_come_whole(tmp_path: Path) -> None:
    """Some 600 packets each."""
    rng = np.random.default_rng(3)
    noise = [rng.integers(0, 256, (540, 960, 3), np.uint8) for _ in range(3)]
    film = write_film(tmp_path / "noise.mp4", noise, 5, bit_rate=40_000_000, g="1", bf="0")
    assert 300 < film.stat().st_size / 3 / 1200 < 1000
    counts = Counts()
    source = published_source(counts)
    async with publishing(source, FilmTrack(film, CLOCK), codec="h264"):
        frames = await some(source, 6)
    assert len(frames) == 6
    assert counts.drops.get("undecodable", 0) == 0


async def test_nobody_reads_and_memory_stays_bounded() -> None:
    """aiortc's queues would grow without end; so would a pending publisher's."""
    source = published_source()
    async with publishing(source, DrawnTrack(draw)):
        assert source._peer is not None
        incoming = source._peer.incoming
        await until(lambda: incoming.overflows > 0)
        assert len(incoming._units) <= 60
        assert len(await some(source, 3)) == 3  # and whoever begins to read gets what is new


async def test_no_thread_of_aiortcs_decodes_and_none_is_waited_for() -> None:
    source = published_source()
    async with publishing(source, DrawnTrack(draw)):
        frames = source.frames(1)
        await anext(frames)
        assert not [thread for thread in threading.enumerate() if thread.name == "video-decoder"]
        await frames.aclose()


async def test_a_decoder_that_fails_ends_the_epoch_and_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Of aiortc's own thread nothing would be heard any more, and the track be silent for ever."""

    def broken(*_: object) -> None:
        raise RuntimeError("C4N" + "4RY")

    source = published_source()
    async with publishing(source, DrawnTrack(draw)):
        monkeypatch.setattr("streamer.sources.intake.Scaler.scale", broken)
        with pytest.raises(SourceUnavailable) as caught:
            await some(source, 1)
    assert caught.value.reason == "decode"
    assert "RuntimeError in the decode thread" in caplog.text
    assert "C4N4RY" not in caplog.text


async def test_what_is_reached_into_is_there() -> None:
    async with peer(DrawnTrack(draw)) as publisher:
        (transceiver,) = publisher.getTransceivers()
        assert [name for name in _INSIDES if not hasattr(transceiver.receiver, _OF_RECEIVER + name)] == []
        assert hasattr(transceiver.receiver.transport.transport._connection, "_queue")


async def test_who_floods_the_port_fills_no_memory() -> None:
    """What was not looked at yet is bounded, in front of DTLS; aioice's own queue is not."""
    queue = _Newest(3)
    for n in range(10_000):
        queue.put_nowait((bytes(1200), n))
    queue.put_nowait(None)
    assert [queue.get_nowait() for _ in range(3)] == [(bytes(1200), 1), (bytes(1200), 2), None]
    source = published_source()
    async with publishing(source, DrawnTrack(draw)):
        assert source._peer is not None
        (transceiver,) = source._peer._connection.getTransceivers()
        assert isinstance(transceiver.receiver.transport.transport._connection._queue, _Newest)


async def test_a_peer_that_names_itself_anew_without_end_is_not_remembered() -> None:
    """aiortc keeps statistics of every source that it ever heard of."""
    heard: list[int] = []

    async def take(packet: RtpPacket, arrival_time_ms: int) -> None:
        heard.append(packet.ssrc)

    guard = _Guard(take)
    for ssrc in [*range(1000), 3]:
        await guard.take(RtpPacket(ssrc=ssrc), arrival_time_ms=0)
    assert heard == [*range(8), 3]


async def test_one_source_of_a_peer_is_listened_to_until_it_falls_silent() -> None:
    clock = FakeClock()
    incoming = Incoming(clock)
    packets = _Packets(incoming, {97: RTCRtpCodecParameters("video/VP8", 90_000, payloadType=97)}, clock)

    def send(ssrc: int, number: int) -> None:
        packet = RtpPacket(97, 1, number, number, ssrc)
        packet._data = b"\x10key"  # type: ignore[attr-defined]
        packets.add(packet)

    for number in range(5):
        send(1, number)
        send(2, 40_000 + number)
    assert [unit.ticks for unit in incoming._units] == [0, 1, 2, 3, 4]
    clock.passed_s += 2.5
    send(2, 40_005)
    assert [unit.ticks for unit in incoming._units] == [40_005]


async def test_no_server_is_asked_that_nobody_named() -> None:
    """aiortc's default is a public one of Google's."""
    source = published_source()
    async with publishing(source, DrawnTrack(draw)):
        assert source._peer is not None
        (transceiver,) = source._peer._connection.getTransceivers()
        ice = transceiver.receiver.transport.transport._connection
        assert (ice.stun_server, ice.turn_server) == (None, None)
