"""The mailbox loses nothing silently, in any order of events."""

from __future__ import annotations

import asyncio
import threading

import pytest

from streamer.mailbox import Mailbox


async def test_items_arrive_in_order_from_a_thread() -> None:
    mailbox: Mailbox[int] = Mailbox(room=1000)

    def write() -> None:
        for number in range(1000):
            mailbox.put(number)
        mailbox.close()

    thread = threading.Thread(target=write)
    thread.start()
    assert [item async for item in mailbox] == list(range(1000))
    thread.join(timeout=5)


async def test_a_full_mailbox_keeps_the_newest_and_counts_the_rest() -> None:
    mailbox: Mailbox[int] = Mailbox(room=2)
    for number in range(5):
        assert mailbox.put(number)
    mailbox.close()
    assert [item async for item in mailbox] == [3, 4]
    assert mailbox.lost == 3


async def test_recorded_input_waits_for_room_and_loses_nothing() -> None:
    mailbox: Mailbox[int] = Mailbox(room=2, wait=True)

    def write() -> None:
        for number in range(200):
            mailbox.put(number)
        mailbox.close()

    thread = threading.Thread(target=write)
    thread.start()
    assert [item async for item in mailbox] == list(range(200))
    assert mailbox.lost == 0
    thread.join(timeout=5)


async def test_an_error_comes_after_what_was_there_and_stays() -> None:
    mailbox: Mailbox[int] = Mailbox(room=2)
    mailbox.put(1)
    mailbox.close(KeyError("gone"))
    mailbox.close(ValueError("second close says nothing"))
    assert await anext(mailbox) == 1
    for _ in range(2):
        with pytest.raises(KeyError, match="gone"):
            await anext(mailbox)


async def test_a_cancelled_reader_loses_no_item() -> None:
    mailbox: Mailbox[int] = Mailbox(room=4)
    reader = asyncio.ensure_future(anext(mailbox))
    await asyncio.sleep(0)
    mailbox.put(1)  # the reader is being woken ...
    reader.cancel()  # ... and cancelled in the same breath
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert await anext(mailbox) == 1


async def test_leaving_frees_a_waiting_thread() -> None:
    mailbox: Mailbox[int] = Mailbox(room=1, wait=True)
    answers: list[bool] = []

    def write() -> None:
        answers.append(mailbox.put(1))
        answers.append(mailbox.put(2))

    thread = threading.Thread(target=write)
    thread.start()
    mailbox.leave()
    thread.join(timeout=5)
    assert answers[-1] is False


async def test_closing_wakes_a_waiting_reader() -> None:
    mailbox: Mailbox[int] = Mailbox(room=1)
    reader = asyncio.ensure_future(anext(mailbox))
    await asyncio.sleep(0)
    mailbox.close()
    with pytest.raises(StopAsyncIteration):
        await reader
