"""From the streams that there are to those that there are to be: what must be loaded before anything changes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from recognizers.errors import RecognizerError
from streamer.build import Making, build_candidates, build_models, build_streams
from streamer.errors import ConfigError
from streamer.event import Reason
from streamer.following import Turn
from streamer.model import Model, warm_up
from streamer.settings import Changes, Settings, compare


@dataclass(frozen=True, slots=True)
class Prepared:
    """A change that can be made."""

    settings: Settings
    """What runs afterwards."""
    changes: Changes
    models: Mapping[str, Model]
    """Recognizers that did not run, or ran otherwise."""
    making: Making

    def turn(self, stopped: Collection[str]) -> Turn:
        """What is to be done on the loop; `stopped`: streams that nobody watches now."""
        coming = {*self.changes.added, *self.changes.changed}
        joining = [stream for stream in self.settings.streams if stream.id in coming]
        leaving = {
            **dict.fromkeys(self.changes.removed, Reason.REMOVED),
            **dict.fromkeys(self.changes.changed, Reason.CHANGED),
        }
        return Turn(
            leaving=leaving,
            joining=lambda models: build_streams(self.settings, joining, models, self.making),
            models=self.models,
            candidates=build_candidates(self.settings),
            stopped=[stream for stream in self.changes.changed if stream in stopped],
        )


def prepare(
    before: Settings, after: Settings, renewed: Collection[Path], making: Callable[[Settings], Making]
) -> Prepared:
    """Load what the change needs and what does not run yet; takes seconds.

    Args:
        before: what runs.
        after: what is to run; valid.
        renewed: files that say something else, see `compare`.
        making: see `making_of`.

    Raises:
        ConfigError: every recognizer that cannot be loaded, and what else cannot be read.
    """
    changes = compare(before, after, renewed)
    running = {watch.recognizer for stream in before.streams for watch in stream.watches}
    as_it_was = {name for name in running if after.recognizers.get(name) == before.recognizers[name]}
    models = build_models(after, known=as_it_was)
    for name, model in models.items():
        try:
            warm_up(model.recognizer)
        except RecognizerError as error:
            raise ConfigError([f"recognizers.{name}: {error}"]) from error
    return Prepared(after, changes, models, making(after))
