"""Streams that a server plays by WHEP (draft-ietf-wish-whep): MediaMTX, go2rtc, some cameras."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from streamer.errors import OfferRefused, SourceUnavailable
from streamer.frame import Frame
from streamer.sources.peer_pictures import PeerPictures
from streamer.sources.sdp import checked_answer
from streamer.sources.signalling import Endpoint, asked, ended
from streamer.sources.webrtc import IceOptions, Peer


class PulledSource:
    """Asks for a session at every attempt. See `Source`."""

    def __init__(self, pictures: PeerPictures, ice: IceOptions, endpoint: Endpoint) -> None:
        self._pictures, self._ice, self._endpoint = pictures, ice, endpoint

    async def frames(self, epoch: int) -> AsyncGenerator[Frame, None]:
        """One attempt. See `Source.frames`."""
        peer, session = Peer(self._ice, self._pictures.clock), None
        try:
            answered = await asked(self._endpoint, await peer.offer())
            session = answered.session
            try:
                await peer.accept(checked_answer(answered.description))
            except OfferRefused as error:
                raise SourceUnavailable("protocol", f"{self._endpoint.shown}: {error}") from None
            await peer.connected(self._endpoint.timeout_s)
            async with aclosing(self._pictures.frames(epoch, peer.incoming)) as frames:
                async for frame in frames:
                    yield frame
        finally:
            await peer.close()
            if session is not None:
                await ended(self._endpoint, session)
