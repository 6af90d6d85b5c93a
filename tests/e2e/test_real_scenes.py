"""Real scenes through the whole service, with the network that ships: they flow, and they are quiet.

The network was trained on a simulated work cell and has seen none of these people: it has nothing to tell about them.
"""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from recognizers.build import checkpoint_path
from recognizers.card import read_card
from streamer.clock import SystemClock
from tests.e2e.consumer import Consumer, assert_lawful
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.processes import GstServer
from tests.e2e.takt import Takt, rtsp, until

CLIPS = Path(__file__).parents[3] / "shared/data/clips"
QUIET = ("people-walking-cctv", "corridor-one-by-one")
"""Scenes of people who do nothing that happens in a work cell."""
CLOCK = SystemClock()
GUARDED, BY_UDP = "people-walking-cctv", "bottles"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CLIPS.is_dir(), reason="the real scenes in ../shared/data/clips are not here"),
]


def frames_per_s(film: Path) -> float:
    with av.open(str(film)) as container:
        return float(container.streams.video[0].average_rate)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "seconds", [10, pytest.param(60, marks=[pytest.mark.full, pytest.mark.timeout(300)])], ids=["short", "a_minute"]
)
async def test_real_scenes_flow_at_their_rate_and_the_network_does_not_invent_work(
    seconds: int, tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    """All scenes at once, each a camera of its own; the gestures of `asl` follow one another on one more."""
    scenes = {film.stem.replace("_", "-"): [film] for film in sorted(CLIPS.glob("*.mp4"))}
    scenes["asl"] = sorted(CLIPS.glob("asl/*.mp4"))
    names = list(scenes)
    hop_s = read_card(checkpoint_path("bundled:cell")).spec.hop_s
    expected = {
        "takt_frames_decoded_total": {name: frames_per_s(films[0]) for name, films in scenes.items()},
        "takt_clips_cut_total": dict.fromkeys(names, 1 / hop_s),
    }
    login = "viewer:p%40ss"
    with GstServer(scenes) as cameras, GstServer({GUARDED: scenes[GUARDED]}, "viewer", "p@ss") as guarded:
        streams = {name: rtsp(name, cameras.address(name), "cell") for name in names}
        streams[GUARDED] = rtsp(GUARDED, guarded.address(GUARDED, login), "cell")
        streams[BY_UDP] = rtsp(BY_UDP, cameras.address(BY_UDP), "cell", transport="udp")
        async with Takt(tmp_path, broker.port, {"cell": "bundled:cell"}, list(streams.values())) as takt:
            await until(lambda: all(consumer.is_online(name) for name in names))
            began_s = CLOCK.monotonic()
            await takt.reaches(expected, seconds, timeout_s=60 + 2 * seconds)
            minutes = (CLOCK.monotonic() - began_s) / 60
            looked_at = [await takt.metric("takt_clips_recognized_total", stream=name) for name in names]
            assert await takt.stop() == 0

    assert min(looked_at) >= 1
    await until(consumer.was_left)
    assert_lawful(consumer.payloads(), all_ended=True)
    for name in QUIET:
        assert len(consumer.events(name, "started")) <= max(1, minutes), consumer.events(name)
