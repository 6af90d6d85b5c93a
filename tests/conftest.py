"""What all tests share."""

import logging
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from streamer.logs import JsonFormatter, TextFormatter

# A busy machine makes single examples late; how long a test may take is pytest-timeout's business. The same examples
# each time, so that a change is judged by itself; `make test-full` looks for others.
settings.register_profile("house", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile("house")

# Shells start background jobs with Ctrl-C ignored, and every child would inherit that: tests press it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def logs_end_with_their_test() -> Iterator[None]:
    """A command logs to the standard error that it is given, which is gone with its test."""
    root = logging.getLogger()
    level = root.level
    yield
    for handler in root.handlers[:]:
        if isinstance(handler.formatter, TextFormatter | JsonFormatter):
            root.removeHandler(handler)
    root.setLevel(level)
