"""What all tests share."""

from hypothesis import settings

# A busy machine makes single examples late; how long a test may take is pytest-timeout's business.
settings.register_profile("house", deadline=None)
settings.load_profile("house")
