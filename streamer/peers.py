"""From settings to what peers of WebRTC publish, or are asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from streamer.clock import Clock
from streamer.errors import ConfigError
from streamer.lookout import LookoutOptions
from streamer.plan import StreamPlan
from streamer.settings import LEAST_TOKEN, Settings, WebRtcSection, WhepSource, WhipSource
from streamer.sources.base import Demand
from streamer.sources.observer import SourceObserver
from streamer.sources.peer_pictures import PeerLimits, PeerPictures
from streamer.sources.reconnect import RetryPolicy
from streamer.sources.signalling import Endpoint
from streamer.sources.taps import Taps, no_taps
from streamer.sources.webrtc import HAS_AIORTC, MISSING, IceOptions, IceServer
from streamer.sources.whep import PulledSource
from streamer.sources.whip import RETRY, PublishedSource
from streamer.web.whip import PREFIX, Observer, Stage, WhipSite

__all__ = ["PREFIX", "Peers", "build_whip", "published", "retry_of", "stages_of"]


@dataclass(frozen=True, slots=True)
class Peers:
    """Makes the sources of streams that peers bring."""

    webrtc: WebRtcSection
    clock: Clock
    observer: SourceObserver
    taps: Callable[[str], Taps] = no_taps
    """What takes the pictures of a stream besides."""

    def source(
        self, stream: str, section: WhipSource | WhepSource, demand: Demand, lookout: LookoutOptions | None = None
    ) -> PublishedSource | PulledSource:
        """Raises ConfigError where aiortc is not installed, or a secret cannot be read."""
        if not HAS_AIORTC:
            raise ConfigError([f"streams: {stream}: {MISSING}"])
        limits = PeerLimits(section.open_timeout_s, section.stall_timeout_s, section.max_pixels)
        pictures = PeerPictures(stream, limits, demand, self.clock, self.observer, lookout, self.taps(stream))
        ice = ice_options(self.webrtc)
        if isinstance(section, WhipSource):
            return PublishedSource(pictures, ice)
        return PulledSource(pictures, ice, endpoint_of(stream, section))


def retry_of(section: WhipSource | WhepSource) -> RetryPolicy | None:
    """How its attempts follow each other; None: as those of cameras."""
    return RETRY if isinstance(section, WhipSource) else None


def ice_options(section: WebRtcSection) -> IceOptions:
    """Raises ConfigError where a password cannot be read."""
    servers = [
        IceServer(one.url, one.username, _read(f"webrtc.ice_servers.{n}.password_file", one.secret))
        for n, one in enumerate(section.ice_servers)
    ]
    return IceOptions(tuple(servers), section.policy)


def build_whip(settings: Settings, clock: Clock, observer: Observer | None = None) -> WhipSite | None:
    """What takes publishers, once there are streams to publish to; None where aiortc is not installed.

    Raises:
        ConfigError: a password cannot be read.
    """
    if not HAS_AIORTC:
        return None
    links = [_link(server) for server in ice_options(settings.webrtc).servers]
    return WhipSite(clock, tuple(links), frozenset(settings.webrtc.origins), observer)


async def publish(site: WhipSite | None, settings: Settings, streams: Sequence[StreamPlan]) -> None:
    """From now on these streams may be published to, and no others. Raises ConfigError as `published`."""
    if site is not None:
        for gone in site.open(stages_of(settings, streams)):
            await gone.close()


@asynccontextmanager
async def published(site: WhipSite | None, settings: Settings, streams: Sequence[StreamPlan]) -> AsyncIterator[None]:
    """Publishers may come while the block runs.

    Raises:
        ConfigError: a token cannot be read, or is none.
    """
    if site is None:
        yield
        return
    await publish(site, settings, streams)
    try:
        yield
    finally:
        await site.close()


def stages_of(settings: Settings, streams: Sequence[StreamPlan]) -> dict[str, Stage]:
    """Raises ConfigError as `published`."""
    sections = {stream.id: stream.source for stream in settings.streams}
    stages = {}
    for stream in streams:
        section = sections[stream.id]
        if isinstance(section, WhipSource) and isinstance(stream.source, PublishedSource):
            stages[stream.id] = Stage(stream.source, token_of(stream.id, section))
    return stages


def endpoint_of(stream: str, section: WhepSource) -> Endpoint:
    """Raises ConfigError as `token_of`."""
    url, token = section.url.get_secret_value(), token_of(stream, section)
    return Endpoint(url, token, section.tls_verify, section.ca_file, section.open_timeout_s)


def token_of(stream: str, section: WhipSource | WhepSource) -> str | None:
    """The stream's token.

    Raises:
        ConfigError: it cannot be read, or is none.
    """
    where = f"streams: {stream}: source.token_file"
    token = _read(where, section.secret)
    if isinstance(section, WhipSource) and token is not None and len(token) < LEAST_TOKEN:
        raise ConfigError([f"{where}: must hold at least {LEAST_TOKEN} characters"])
    return token


def _read(where: str, secret: Callable[[], str | None]) -> str | None:
    try:
        return secret()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{where}: cannot be read; give a text file that this user may read"]) from error


def _link(server: IceServer) -> str:
    """As RFC 9725 4.6 tells publishers of a server."""
    link = f'<{server.url}>; rel="ice-server"'
    if server.username is None or server.password is None:
        return link
    known = f"username={_quoted(server.username)}; credential={_quoted(server.password)}"
    return f'{link}; {known}; credential-type="password"'


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", r"\\").replace('"', r"\"") + '"'
