"""Expositions of several processes are one, each sample with its worker."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from streamer.workers.exposition import together


def worker(events: int, stream: str) -> bytes:
    registry = CollectorRegistry()
    Counter("takt_events", 'Said "so".', ["stream"], registry=registry).labels(stream).inc(events)
    Histogram("takt_age_seconds", "Age.", registry=registry, buckets=(1.0,)).observe(0.5)
    return generate_latest(registry)


def test_each_family_stands_once_and_each_sample_says_whose_it_is() -> None:
    text = together({"0": worker(3, 'a "b" {c}'), "1": worker(5, "d")}).decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert text.count("# TYPE takt_events_total") == 1
    totals = {
        (one.labels["worker"], one.labels["stream"]): one.value
        for one in families["takt_events"].samples
        if one.name == "takt_events_total"
    }
    assert totals == {("0", 'a "b" {c}'): 3.0, ("1", "d"): 5.0}
    assert {one.labels["worker"] for one in families["takt_age_seconds"].samples} == {"0", "1"}


def test_one_that_is_away_is_left_out_and_nothing_else_changes() -> None:
    first = worker(3, "a")
    both, one = together({"0": first, "1": worker(5, "d")}), together({"0": first})
    lines = [line for line in both.decode().splitlines() if 'worker="1"' not in line]
    assert lines == one.decode().splitlines()
