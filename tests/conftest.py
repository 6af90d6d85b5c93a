"""What all tests share."""

import signal

from hypothesis import settings

# A busy machine makes single examples late; how long a test may take is pytest-timeout's business.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

# Shells start background jobs with Ctrl-C ignored, and every child would inherit that: tests press it.
signal.signal(signal.SIGINT, signal.default_int_handler)
