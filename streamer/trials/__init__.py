"""Recordings of which is known what they show, through the path of the live service: what its events are worth."""
