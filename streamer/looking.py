"""Who looks at streams besides recognizers: how they come and go with a stream, and what a source hands them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from streamer.audience import Onlooker
from streamer.evidence.privacy import Redactor
from streamer.keeping import privacy_of
from streamer.labels.labelling import Labelling
from streamer.live import LiveViews
from streamer.media.packets import together
from streamer.media.ring import PacketRing
from streamer.plan import Beside
from streamer.settings import Stream
from streamer.sources.taps import Taps
from streamer.views import StreamView


@dataclass(frozen=True, slots=True)
class Looking:
    """Who takes pictures of every stream besides."""

    live: LiveViews | None = None
    """Shows them to people."""
    labelling: Labelling | None = None
    """Keeps moments that somebody names."""
    onlookers: Onlooker | None = None
    """Show which streams there are."""

    def knows(self, view: StreamView) -> tuple[Beside, ...]:
        """How those who only look at what is told come and go with the stream."""
        told = self.onlookers
        return () if told is None else (Beside(partial(told.came, view), partial(told.went, view.id)),)

    def at(self, stream: Stream, kept: PacketRing | None, redactor: Redactor | None) -> tuple[Taps, tuple[Beside, ...]]:
        """What a source hands them, and how they come and go with the stream."""
        view = labelled = None
        beside = []
        if self.live is not None and redactor is not None:
            view = self.live.stage(redactor)
            beside.append(Beside(partial(self.live.join, stream.id, view), partial(self.live.leave, stream.id)))
        if self.labelling is not None:
            labelled = self.labelling.labelled(privacy_of(stream))
            join, leave = partial(self.labelling.join, stream.id, labelled), partial(self.labelling.leave, stream.id)
            beside.append(Beside(join, leave))
        return Taps(together(kept, None if labelled is None else labelled.ring), view), tuple(beside)


NOBODY = Looking()
