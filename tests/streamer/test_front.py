"""What is told of a configuration holds none of its secrets, and is what runs."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from recognizers.card import checkpoint_path, read_card
from streamer.front import Networks, address_of, figures_of, work_of
from streamer.model import Model
from streamer.settings import Settings, secrets, settings_of
from streamer.stages import Watch
from streamer.testing.api import GEARBOX
from streamer.testing.recognizers import CountingRecognizer
from tests.streamer.one_worker import Plant as Worker

WATCHES = [{"id": "bench", "recognizer": "cell"}]
CANARIES = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=16, max_size=24).map(
    lambda text: f"canary{text}"
)


def configured(canary: str) -> Settings:
    """A secret wherever there may be one."""
    return settings_of(
        {
            "mqtt": {"username": "takt", "password": canary},
            "evidence": {"token": canary},
            "http": {"tokens": [{"name": "wall", "token": canary}]},
            "webrtc": {"ice_servers": [{"url": "turn:relay", "username": "takt", "password": canary}]},
            "sinks": [{"kind": "webhook", "id": "mes", "url": f"https://mes/{canary}", "token_file": "/token"}],
            "recognizers": {"cell": {}},
            "streams": [
                {"id": "a", "source": {"kind": "rtsp", "url": f"rtsp://u:{canary}@cam/x"}, "watches": WATCHES},
                {"id": "b", "source": {"kind": "http", "url": f"http://cam/x?k={canary}"}, "watches": WATCHES},
                {"id": "c", "source": {"kind": "whip", "token": canary}, "watches": WATCHES},
                {"id": "d", "source": {"kind": "whep", "url": f"http://cam/w?k={canary}", "token": canary},
                 "watches": WATCHES},
            ],
        }
    )  # fmt: skip


@settings(deadline=None, max_examples=25)
@given(CANARIES)
def test_no_secret_is_told_of_a_configuration(canary: str) -> None:
    known = configured(canary)
    told = json.dumps(known.model_dump(mode="json")) + "".join(address_of(one.source) for one in known.streams)
    assert canary in "".join(secrets(known))
    assert canary not in told
    assert canary not in repr(known)


def test_addresses_are_told_without_their_secrets() -> None:
    addresses = [address_of(one.source) for one in configured("canary0123456789").streams]
    assert addresses == ["rtsp://***@cam/x", "http://cam/x?***", "", "http://cam/w?***"]


def test_a_procedure_is_told_once_with_all_who_follow_it(tmp_path: Path) -> None:
    plant = Worker(tmp_path)
    plant.procedure = GEARBOX
    plant.camera("one")
    (watch,) = plant.worker()._plan.streams[0].watches
    (work,) = work_of([("one", (watch,)), ("two", (watch,))])
    assert (work.procedure, work.watches) == (GEARBOX, (("one", "bench"), ("two", "bench")))


class Ran:
    """What runs, of which nothing is known but its settings and one network."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def models(self) -> dict[str, Model]:
        return {"cell": Model(CountingRecognizer(), "bundled:cell", "3f2a")}

    def watches(self) -> list[tuple[str, tuple[Watch, ...]]]:
        return []


def test_a_network_is_told_with_its_labels_and_what_was_measured(tmp_path: Path) -> None:
    known = settings_of(
        {
            "data_dir": str(tmp_path),
            "recognizers": {"cell": {"kind": "slowfast", "checkpoint": "bundled:cell"}},
            "streams": [{"id": "a", "source": {"kind": "whip"}, "watches": WATCHES}],
        }
    )
    card = read_card(checkpoint_path("bundled:cell"))
    (view,) = Networks(Ran(known)).views()
    assert (view.checkpoint, view.labels, view.promoted) == ("bundled:cell", card.labels, False)
    assert view.figures == figures_of(card)
    assert 0.5 < view.figures["top1"] <= 1.0
