"""What a client brings: read when it is asked for, up to a limit, within a time."""

from __future__ import annotations

import asyncio

from fastapi.requests import Request

from streamer.exchange import BodyTooLarge, BodyTooLate

BODY_S = 10.0
"""A client has this long to bring what it announced."""


async def read_body(asked: Request, most: int) -> bytes:
    """Of at most so many bytes. Raises BodyTooLarge, BodyTooLate."""
    announced = asked.headers.get("content-length", "0")
    if not announced.isdigit() or int(announced) > most:
        raise BodyTooLarge
    taken = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for part in asked.stream():
                taken += part
                if len(taken) > most:
                    raise BodyTooLarge
    except TimeoutError:
        raise BodyTooLate from None
    return bytes(taken)
