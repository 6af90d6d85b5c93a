"""Looks at everything that a configuration needs, as it is now, and says what to do about each finding.

`streamer.doctor.examination` does it; it imports torch, which takes seconds.
"""

from streamer.doctor.finding import AREAS, Finding, Grade

__all__ = ["AREAS", "Finding", "Grade"]
