"""The local engine: a thread of its own. What every engine keeps is in tests/contracts/test_engine.py."""

from __future__ import annotations

from streamer.engine import LocalEngine
from streamer.testing.recognizers import CountingRecognizer
from tests.contracts.test_engine import clip


async def test_pixels_are_touched_in_a_thread_of_the_engines_own() -> None:
    recognizer = CountingRecognizer()
    async with LocalEngine("cell", recognizer) as engine:
        await engine.infer([clip("a")])
        await engine.infer([clip("a", 1)])

    assert recognizer.threads == {"engine-cell_0"}
