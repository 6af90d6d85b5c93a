"""Typed settings and their loader. The door to YAML and pydantic."""

from streamer.settings.changes import Changes, compare, procedures_of
from streamer.settings.cluster import ClusterSection
from streamer.settings.evidence import EvidenceSection, WatchEvidence
from streamer.settings.integrations import HomeAssistant, Sparkplug
from streamer.settings.joining import check_again, files_named, plain, with_secrets, with_stream
from streamer.settings.kept import KeptStreams
from streamer.settings.loader import load, load_procedure, load_training, schema, secrets, settings_of
from streamer.settings.merging import Running, merged
from streamer.settings.procedures import ProcedureSettings
from streamer.settings.reference import reference
from streamer.settings.secrets import LEAST_TOKEN
from streamer.settings.sections import (
    HardExamplesSection,
    Mqtt,
    RecognizerSection,
    Rule,
    Settings,
    Stream,
    WatchSection,
)
from streamer.settings.sight import SightSection
from streamer.settings.sinks import JsonlSink, SinkSection, WebhookSink
from streamer.settings.sources import Source, WhepSource, WhipSource
from streamer.settings.tracing import TracingSection
from streamer.settings.training import TrainingSettings
from streamer.settings.web import Http, TokenSection
from streamer.settings.webrtc import WebRtcSection
from streamer.settings.workers import workers_for, workers_of

__all__ = [
    "LEAST_TOKEN",
    "Changes",
    "ClusterSection",
    "EvidenceSection",
    "HardExamplesSection",
    "HomeAssistant",
    "Http",
    "JsonlSink",
    "KeptStreams",
    "Mqtt",
    "ProcedureSettings",
    "RecognizerSection",
    "Rule",
    "Running",
    "Settings",
    "SightSection",
    "SinkSection",
    "Source",
    "Sparkplug",
    "Stream",
    "TokenSection",
    "TracingSection",
    "TrainingSettings",
    "WatchEvidence",
    "WatchSection",
    "WebRtcSection",
    "WebhookSink",
    "WhepSource",
    "WhipSource",
    "check_again",
    "compare",
    "files_named",
    "load",
    "load_procedure",
    "load_training",
    "merged",
    "plain",
    "procedures_of",
    "reference",
    "schema",
    "secrets",
    "settings_of",
    "with_secrets",
    "with_stream",
    "workers_for",
    "workers_of",
]
