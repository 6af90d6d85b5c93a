"""The sections of a configuration. Frozen; unknown keys are refused; every field says its unit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_core import PydanticCustomError

from recognizers.kinds import misplaced, of, owners
from streamer.settings.cluster import ClusterSection
from streamer.settings.evidence import EvidenceSection, WatchEvidence, wrong_mask
from streamer.settings.integrations import HomeAssistant, Sparkplug
from streamer.settings.live import LabelsSection, LiveSection
from streamer.settings.mistakes import MISPLACED
from streamer.settings.places import Place, wrong_prefix
from streamer.settings.secrets import check_one, password_of
from streamer.settings.sight import SightSection, UnitSection
from streamer.settings.sinks import SinkSection
from streamer.settings.sources import Source, WhipSource
from streamer.settings.tracing import TracingSection
from streamer.settings.values import (
    Kind,
    MessageClass,
    PositiveSeconds,
    Seconds,
    Section,
    Share,
    Slug,
    Text,
    Workers,
    check_address,
)
from streamer.settings.web import Http
from streamer.settings.webrtc import WebRtcSection


class Mqtt(Section):
    """Where events go. Without this section they are printed as lines of JSON."""

    url: str = Field("mqtt://localhost:1883", description="mqtt:// or mqtts:// (TLS) with host and port")
    websocket_url: str | None = Field(
        None, description="ws:// or wss:// address of the same broker for the page /retail; null: the page asks"
    )
    prefix: str = Field(
        "takt", description="first part of every topic; may name levels of the place: {site}/{area}/{line}/takt"
    )
    place: Place = Field(Place(), description="where the streams are that do not say it themselves")
    username: Text | None = Field(None, description="name at the broker")
    password: SecretStr | None = Field(None, description="better as password_file or ${VARIABLE}")
    password_file: Path | None = Field(None, description="a file that holds the password")
    ca_file: Path | None = Field(None, description="trusted instead of the system's authorities")
    client_id: Text | None = Field(None, description="unique at the broker; null: takt-<host name>")
    encoding: Literal["plain", "cloudevents"] = Field(
        "plain", description="how events are written: as they are, or within CloudEvents 1.0 (structured JSON)"
    )
    home_assistant: HomeAssistant | None = Field(None, description="devices of Home Assistant; null: none")
    sparkplug: Sparkplug | None = Field(None, description="an edge node of Sparkplug B; null: none")
    expires_s: dict[MessageClass, PositiveSeconds] = Field(
        {},
        description="by class (action, step, gap): seconds after which a message need not be delivered (MQTT 5)",
    )
    commands: bool = Field(False, description="whether commands on <prefix>/command/… are taken; see docs/mqtt.md")
    stalled_s: PositiveSeconds = Field(
        10.0, description="seconds without a picture or a decision after which a live stream is shown as stalled"
    )

    @field_validator("url")
    @classmethod
    def _scheme(cls, url: str) -> str:
        if "@" in url:
            raise ValueError("must not hold a password; use username and password_file")
        check_address(url, "mqtt", "mqtts", path=False)
        return url

    @field_validator("websocket_url")
    @classmethod
    def _for_pages(cls, url: str | None) -> str | None:
        if url is not None:
            if set(url) & set("@;,'\"?#"):  # it stands in the page's Content-Security-Policy, for everybody to read
                raise ValueError("must not hold a password, nor any of ? # ; , and quotes; the page asks for a user")
            check_address(url, "wss", "ws")
        return url

    @field_validator("prefix")
    @classmethod
    def _topic(cls, prefix: str) -> str:
        if (wrong := wrong_prefix(prefix)) is not None:
            raise ValueError(wrong)
        return prefix

    @model_validator(mode="after")
    def _one_password(self) -> Mqtt:
        check_one("password", self.password, self.password_file)
        return self

    def secret(self) -> str | None:
        """The password, wherever it is kept. Raises OSError or UnicodeDecodeError where the file cannot be read."""
        return password_of(self.password, self.password_file)


Calls = Literal[
    "missed", "out_of_order", "undone", "overtime", "undershoot", "repeated", "premature", "inconclusive", "abandoned",
    "offline", "stalled", "blind",
]  # fmt: skip
"""What can call for somebody: verdicts, a unit that was abandoned, a camera that does not see."""


class AndonSection(Section):
    """The lamp of each watch. What is in neither list does not call."""

    red: tuple[Calls, ...] = Field(
        ("missed", "out_of_order", "undone"), description="stays until somebody acknowledges it"
    )
    amber: tuple[Calls, ...] = Field(
        (
            "overtime", "undershoot", "repeated", "premature", "inconclusive", "abandoned", "offline", "stalled",
            "blind",
        ),
        description="goes when the next unit begins, or the camera sees again",
    )  # fmt: skip
    acknowledge: bool = Field(True, description="whether acknowledgements are listened to")

    @model_validator(mode="after")
    def _one_colour(self) -> AndonSection:
        if both := sorted(set(self.red) & set(self.amber)):
            raise ValueError(f"{both[0]} must be red or amber, not both")
        return self


class OutboxSection(Section):
    """Events on their way, on disk."""

    budget_mib: int = Field(
        256, ge=1, le=1_048_576, description="MiB; when full, the oldest of the lowest class go first"
    )
    keep_h: float = Field(168.0, gt=0, le=8784, description="hours; what waits for longer is given up")
    replay_s: Seconds = Field(
        0.0, description="seconds that delivered events are kept, to be sent again when the broker lost some; 0: none"
    )


class EngineSection(Section):
    """How clips are gathered for the device."""

    batch: int = Field(16, ge=1, le=256, description="most clips at once")
    deadline_s: Seconds = Field(0.02, description="seconds that a clip waits for others to join")


class RecognizerSection(Section):
    """A network, loaded once and shared by name."""

    kind: Kind = Field("slowfast", description="which recognizer")
    checkpoint: Text = Field(
        "bundled:cell",
        description="a safetensors file or bundled:NAME; of a huggingface a folder or hub:owner/name@COMMIT",
    )
    shadow: Text | None = Field(
        None, description="a checkpoint of the same kind that watches beside it without a say; see takt promote"
    )
    hop_s: PositiveSeconds | None = Field(None, description="seconds between clips; null: as the checkpoint says")
    threads: int = Field(1, ge=1, le=64, description="CPU threads for one batch")
    runtime: Literal["auto", "torch", "openvino"] = Field(
        "torch", description="auto: the fastest on this machine whose scores are the same (replay: torch)"
    )
    mode: Literal["window", "stream", "delayed"] = Field(
        "window",
        description=f"of {of('mode')}; stream: looks at each picture once (causal networks); delayed: so with any, "
        "late",
    )
    state: Literal["windowed", "carried"] = Field(
        "windowed", description=f"of {of('state')}: begin anew with every clip, or carry on from the one before"
    )
    average_clips: int = Field(1, ge=1, le=64, description="answers whose scores are averaged; 1: each stands alone")
    pose_model: Path | None = Field(
        None,
        description=f"of {of('pose_model')}: the file of the networks that find its joints; "
        "null: from the cache folder",
    )
    actor_model: Path | None = Field(
        None,
        description=f"of {of('actor_model')}: FastestDet.onnx, which finds people; null: from the cache folder",
    )
    abstain_below: float | None = Field(
        None, description="what is known less well is background; null: as the checkpoint says"
    )
    abstain_by: Literal["max_logit", "energy"] | None = Field(
        None, description="what abstain_below is a number of: max_logit (null: this too) or energy"
    )
    background: Text | None = Field(
        None, description=f"of {of('background')}: its label that means none of the actions; null: one is added"
    )
    interval_s: PositiveSeconds | None = Field(
        None,
        description=f"of {of('interval_s')}: seconds between pictures of a clip; null: as its kind was trained",
    )
    fetch: bool = Field(
        False,
        description=f"of {of('fetch')}: whether the hub may be asked for what is not here, by the hash of a commit",
    )

    @model_validator(mode="after")
    def _abstains(self) -> RecognizerSection:
        if self.abstain_by is not None and self.abstain_below is None:
            raise ValueError("abstain_by needs abstain_below; give both, or leave it out")
        return self

    @model_validator(mode="after")
    def _of_its_kind(self) -> RecognizerSection:
        if wrong := misplaced(self.kind, said(dict(self))):
            raise PydanticCustomError(MISPLACED, "{wrong}", {"wrong": "; ".join(wrong.values())})
        return self


def said(section: Mapping[str, Any]) -> dict[str, Any]:
    """Of a recognizer's section, valid or not, what somebody gave: all but the defaults."""
    fields = RecognizerSection.model_fields
    return {name: value for name, value in section.items() if name in fields and value != fields[name].default}


class Rule(Section):
    """When an action counts as begun and as over."""

    on: Share | None = Field(
        None, description="smoothed score at which it begins; null: as the checkpoint says, else 0.6"
    )
    off: Share = Field(0.4, description="smoothed score below which it is over; never above `on`")
    dwell_s: Seconds = Field(0.0, description="seconds at or above `on` before the start is published")
    release_s: Seconds = Field(0.5, description="seconds below `off` before the end is published")
    smooth_s: Seconds = Field(0.5, description="seconds, time constant of the smoothing")
    min_s: Seconds = Field(0.0, description="what lasts shorter is never published: the start waits as long")
    merge_s: Seconds = Field(0.0, description="again so soon after its end goes on as the same: the end waits as long")
    max_s: PositiveSeconds | None = Field(
        None, description="what lasts longer is ended then (too_long), until the score was below `off`; null: never"
    )
    cooldown_s: Seconds = Field(0.0, description="seconds after an end before it can begin again")
    margin: Share = Field(0.0, description="how much surer than one that goes on it must be to end that; 1: it waits")
    typical_s: PositiveSeconds | None = Field(
        None, description="seconds that it usually takes, where actions are decoded; null: as `decode` says"
    )

    @model_validator(mode="after")
    def _hysteresis(self) -> Rule:
        if self.on is not None and self.off > self.on:
            raise ValueError(f"off ({self.off}) must not be above on ({self.on})")
        if self.max_s is not None and self.max_s <= self.min_s:
            raise ValueError(f"max_s ({self.max_s}) must be more than min_s ({self.min_s})")
        return self


class DecodeSection(Section):
    """Actions are decoded from scores and usual durations, a little late, instead of found by thresholds."""

    lag_s: Seconds = Field(1.0, description="seconds that a moment is decided later; what came after it counts too")
    typical_s: PositiveSeconds = Field(3.0, description="seconds that an action usually takes")
    between_s: PositiveSeconds = Field(3.0, description="seconds that usually nothing goes on")
    looks_per_s: float = Field(4.0, gt=0, le=100, description="independent looks that a second of scores is worth")


class WatchSection(Section):
    """One recognizer looking at one region of a stream."""

    id: Slug = Field(description="unique within the stream", examples=["bench"])
    recognizer: Text = Field(description="a name from `recognizers`", examples=["cell"])
    region: tuple[Share, Share, Share, Share] = Field(
        (0.0, 0.0, 1.0, 1.0),
        description="left, top, right, bottom in fractions of the picture; only its central square is looked at "
        f"(by {owners(lambda kind: kind.finder is not None)}: all of it)",
    )
    min_coverage: Share = Field(0.75, description="clips with a smaller share of their pictures are not looked at")
    events: dict[str, Rule] = Field(default_factory=dict, description="rules by action; `default` for all others")
    exclusive: tuple[tuple[Text, ...], ...] = Field(
        (),
        description="of recognizers that say several actions at once: [[a, b], [c, d]], of each group only one goes on",
    )
    decode: DecodeSection | None = Field(
        None,
        description="of recognizers that say one action at a time: decode actions instead (docs/events.md); null: not",
    )
    procedure: Path | None = Field(
        None, description="the work that is followed: a file, beside this one where it is relative; null: none"
    )
    unit: UnitSection = UnitSection()
    evidence: WatchEvidence = WatchEvidence()

    @field_validator("region")
    @classmethod
    def _rectangle(cls, region: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        left, top, right, bottom = region
        if not (left < right and top < bottom):
            raise ValueError("must be [left, top, right, bottom] with left < right and top < bottom")
        return region

    @field_validator("exclusive")
    @classmethod
    def _apart(cls, groups: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        named = [action for group in groups for action in group]
        if any(len(group) < 2 for group in groups) or len(set(named)) < len(named):
            raise ValueError("must be lists of two actions or more, each action in one list once")
        return groups


class Stream(Section):
    """One camera with its watches."""

    id: Slug = Field(description="unique; part of topics and metrics", examples=["cell-4"])
    source: Source = Field(description="where pictures come from")
    watches: tuple[WatchSection, ...] = Field(min_length=1, description="what is looked for")
    masks: tuple[tuple[Share, ...], ...] = Field(
        (),
        description="always black in what is kept: [left, top, right, bottom], or corners [x, y, x, y, x, y, …], in "
        "fractions of the picture",
    )
    blur: Literal["none", "people", "surroundings"] = Field(
        "none", description="blocks of colour in what is kept: people, or all but the regions of the watches"
    )
    priority: int = Field(
        0, ge=-100, le=100, description="with several workers: where there is too little for all, lower ones wait first"
    )
    place: Place = Field(Place(), description="where it is, as far as it is not where mqtt.place says")
    sight: SightSection = SightSection()

    @field_validator("masks")
    @classmethod
    def _areas(cls, masks: tuple[tuple[float, ...], ...]) -> tuple[tuple[float, ...], ...]:
        for wrong in filter(None, map(wrong_mask, masks)):
            raise ValueError(wrong)
        return masks


class HardExamplesSection(Section):
    """Clips that a network was not sure of, kept for labelling. They show what the cameras show."""

    folder: Path | None = Field(None, description="where they go; null: none are kept")
    per_hour: int = Field(12, ge=1, le=3600, description="most clips of a recognizer")
    max_mib: int = Field(256, ge=1, le=1_048_576, description="MiB of clips; then no more are kept")
    below: Share = Field(0.5, description="a best score below this is unsure")


class Shutdown(Section):
    """How the service ends."""

    grace_s: Seconds = Field(10.0, description="seconds to deliver what waits before leaving")


class Log(Section):
    """What is said on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="least that is shown")
    format: Literal["text", "json"] = Field("text", description="for people or for machines")


class Settings(Section):
    """A whole configuration."""

    data_dir: Path = Field(Path("data"), description="folder for the outbox and what was promoted; one service each")
    mqtt: Mqtt | None = Field(None, description="the broker")
    sinks: tuple[SinkSection, ...] = Field((), description="where events go besides; each gets every one by itself")
    andon: AndonSection = AndonSection()
    http: Http = Http()
    webrtc: WebRtcSection = WebRtcSection()
    outbox: OutboxSection = OutboxSection()
    engine: EngineSection = EngineSection()
    workers: Workers = Field(
        1, description="processes that share the streams, at most 16 each; auto: 1 up to 16 streams, then as needed"
    )
    cluster: ClusterSection = ClusterSection()
    recognizers: dict[str, RecognizerSection] = Field(min_length=1, description="networks by name")
    streams: tuple[Stream, ...] = Field(description="cameras; []: none yet, they are added while it runs")
    hard_examples: HardExamplesSection = HardExamplesSection()
    evidence: EvidenceSection = EvidenceSection()
    live: LiveSection = LiveSection()
    labels: LabelsSection = LabelsSection()
    shutdown: Shutdown = Shutdown()
    tracing: TracingSection = TracingSection()
    log: Log = Log()

    @model_validator(mode="after")
    def _guarded(self) -> Settings:
        keeps = self.evidence.asks or any(watch.evidence.asks for stream in self.streams for watch in stream.watches)
        local, guarded = self.http.local, self.evidence.has_token or self.http.tokens
        if keeps and self.evidence.serve and not local and not guarded:
            words = "evidence: whoever reaches http.host could see these pictures"
            raise ValueError(f"{words}; give evidence.token_file, evidence.serve: false, or http.host: 127.0.0.1")
        for stream in self.streams:
            if isinstance(stream.source, WhipSource) and not local and not stream.source.has_token:
                words = f"streams: whoever reaches http.host could publish to {stream.id}"
                raise ValueError(f"{words}; give its source a token_file, or http.host: 127.0.0.1")
        return self

    @property
    def evidence_folder(self) -> Path:
        return self.data_dir / "evidence" if self.evidence.folder is None else self.evidence.folder

    @property
    def outbox_folder(self) -> Path:
        """Of the only worker; whoever owns it is the service of this data folder."""
        return self.data_dir / "outbox" / "0"
