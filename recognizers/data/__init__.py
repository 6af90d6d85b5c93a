"""Data sets: clips with labels, split by person or session, never by clip."""
