"""Figures of how good a recognizer is: pure functions of what it said and what was true. Fractions of 1, seconds.

Where scikit-learn has a figure, it is scikit-learn's (`taktstream[validation]`); what the field defines by scripts of
its own (AVA, Charades, segments, events) is written here after these scripts.
"""
