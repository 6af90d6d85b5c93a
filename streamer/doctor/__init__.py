"""Looks at everything that a configuration needs, as it is now, and says what to do about each finding."""

from streamer.doctor.examination import AREAS, examine
from streamer.doctor.finding import Finding, Grade

__all__ = ["AREAS", "Finding", "Grade", "examine"]
