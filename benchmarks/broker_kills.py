"""What a broker forgets of what it acknowledged, when it is killed again and again.

usage: python -m benchmarks.broker_kills [--events 2000] [--kills 10] [--json]

A service accepts and delivers events evenly, ten seconds a kill; a consumer with a durable session counts what comes.
Settings of Mosquitto: `config/mosquitto/mosquitto.conf`; as Debian ships it (saved every half hour); its own defaults
(nothing is kept). Each with and without a replay window of two minutes.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.e2e.kills import Tally, kill_brokers
from tests.e2e.mosquitto import Mosquitto

SETTINGS = {"config/mosquitto": None, "Debian": "persistence true", "defaults": ""}
KILL_EVERY_S = 10.0
REPLAY_S = 120.0


def measure(name: str, replay_s: float, events: int, kills: int) -> Tally:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        broker = Mosquitto(place / "broker", settings=SETTINGS[name])
        per_second = events / (KILL_EVERY_S * kills)
        return kill_brokers(place, kills, events, broker, str(per_second), str(replay_s))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--settings", choices=SETTINGS, nargs="*", default=[*SETTINGS])
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    for name in asked.settings:
        for replay_s in (0.0, REPLAY_S):
            told = measure(name, replay_s, asked.events, asked.kills)
            row = {"settings": name, "replay_s": replay_s, **asdict(told)}
            text = json.dumps(row) if asked.json else ", ".join(f"{key} {value}" for key, value in row.items())
            sys.stdout.write(text + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
