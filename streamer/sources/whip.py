"""Streams that are published to the service by WHIP (RFC 9725): a publisher comes, and is a camera until it leaves."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing

from streamer.errors import OfferRefused, SourceUnavailable
from streamer.frame import Frame
from streamer.sources.peer_pictures import PeerPictures
from streamer.sources.publishing import Occupied, Session
from streamer.sources.reconnect import RetryPolicy
from streamer.sources.sdp import checked_offer, fragment, ice_names
from streamer.sources.webrtc import IceOptions, Peer

_log = logging.getLogger(__name__)

TAKE_OVER_S = 3.0
"""A publisher that sent nothing for so long gives way to the next one: a page that was loaded again need not wait."""
RETRY = RetryPolicy(first_s=0.1, cap_s=1.0, rejected_first_s=1.0, rejected_cap_s=5.0)
"""Nobody is asked for anything, so nobody need be spared: it is the publisher that comes again."""


class PublishedSource:
    """One stream to publish to. See `Source`; an attempt waits for a publisher as long as there is none."""

    def __init__(self, pictures: PeerPictures, ice: IceOptions) -> None:
        self._pictures, self._ice = pictures, ice
        self._peer: Peer | None = None
        self._session = ""
        self._names: frozenset[str] = frozenset()
        """Of the publisher's ICE."""
        self._answered = asyncio.Event()

    async def frames(self, epoch: int) -> AsyncGenerator[Frame, None]:
        """One attempt. See `Source.frames`; a change of the picture's shape ends it, and the next one goes on with the
        same publisher."""
        await self._answered.wait()
        peer = self._peer
        assert peer is not None
        stays = False
        try:
            await peer.connected(self._pictures.limits.open_timeout_s)
            async with aclosing(self._pictures.frames(epoch, peer.incoming)) as frames:
                async for frame in frames:
                    yield frame
        except SourceUnavailable as error:
            stays = error.reason == "changed"
            raise
        finally:
            if not stays:
                await self._end(peer)

    async def publish(self, offer: str) -> Session:
        """Take a publisher's offer.

        Raises:
            Occupied: there is one already, and it sends.
            OfferRefused: it is none, or not of one video track.
        """
        checked = checked_offer(offer)
        before = self._peer
        if before is not None and before.incoming.silent_s < TAKE_OVER_S and not before.incoming.is_over:
            raise Occupied(f"somebody publishes to {self._pictures.stream} already")
        self._answered.clear()
        self._peer = peer = Peer(self._ice, self._pictures.clock)
        if before is not None:
            before.incoming.close(SourceUnavailable("eof", "another publisher took its place"))
            await before.close()
        try:
            answer = await peer.answer(checked)
        except BaseException:
            await self._end(peer)
            raise
        if self._peer is not peer:
            await peer.close()
            raise Occupied(f"somebody else began to publish to {self._pictures.stream}")
        self._session, self._names = secrets.token_urlsafe(24), ice_names(checked)
        self._answered.set()
        return Session(self._session, answer)

    @property
    def is_taken(self) -> bool:
        """Whether somebody publishes, as far as is known."""
        return self._peer is not None

    def is_session(self, session: str) -> bool:
        """Whether a publisher's session goes on under this name."""
        return self._answered.is_set() and secrets.compare_digest(session.encode(), self._session.encode())

    async def trickle(self, text: str) -> None:
        """More addresses of the publisher.

        Raises:
            OfferRefused: it is nothing of the kind, or would begin ICE anew, which is not done: publish anew.
        """
        more = fragment(text)
        if not more.names <= self._names:
            raise OfferRefused("ICE is not begun anew; publish again")
        if self._peer is not None:
            await self._peer.add_candidates(more.candidates)

    async def close(self) -> None:
        """The publisher leaves, or the service does."""
        if self._peer is not None:
            self._peer.incoming.close(SourceUnavailable("eof", "the publisher left"))
            await self._end(self._peer)

    async def _end(self, peer: Peer) -> None:
        if self._peer is peer:
            self._peer, self._session = None, ""
            self._answered.clear()
        await peer.close()
