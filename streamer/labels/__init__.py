"""Moments of streams that somebody named: clips for the data set that `takt teach` reads."""
