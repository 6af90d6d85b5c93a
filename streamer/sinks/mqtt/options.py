"""Where a broker is, how it is spoken to, and what can go wrong with that."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from streamer.errors import ConfigError

V5 = 5
V311 = 4
"""Protocol levels as CONNECT states them."""
OLDER = frozenset({"protocol", "no_answer", "hung_up"})
"""Ends of an attempt with MQTT 5 after which the broker may still know 3.1.1; only the last has other causes often."""


def always() -> bool:
    """Nobody else can have our streams."""
    return True


def nobody(_: str) -> bool:
    """Nobody else shows anything of a stream."""
    return False


@dataclass(frozen=True, slots=True)
class MqttOptions:
    """Where the broker is and how it is spoken to."""

    host: str
    port: int = 1883
    client_id: str = "takt"
    """Unique per process and the same over restarts: two of the same name throw each other out."""
    prefix: str = "takt"
    prefixes: Mapping[str, str] = field(default_factory=dict)
    """Of streams that have another, by stream."""
    expiry_s: Mapping[str, float] = field(default_factory=dict)
    """By delivery class: seconds after which the broker need not deliver a message any more (MQTT 5)."""
    session_s: int = 3600
    """How long the broker is to keep what others send us while the connection is away (MQTT 5)."""
    remembered: Path | None = None
    """A file that remembers which topics hold a value of ours; None: what is shown no more stays at the broker."""
    may_publish: Callable[[], bool] = always
    """Asked right before each message is sent: where it is not true, nothing is."""
    elsewhere: Callable[[str], bool] = nobody
    """Whether a stream that is shown no more is shown by somebody else: then its topics are theirs, and stay."""
    tls: bool = False
    ca_file: str | None = None
    """Trusted instead of the system's authorities; certificate and host name are always verified."""
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    version: int | None = None
    """V5 or V311; None asks for 5 and falls back to 3.1.1."""
    keepalive_s: int = 30
    connect_timeout_s: float = 10.0
    answer_timeout_s: float = 3.0
    """How long a broker may take to answer CONNECT; those that know only 3.1.1 may never answer to 5."""
    ack_timeout_s: float = 30.0
    """How long a broker may take to acknowledge a message before the connection is made anew."""
    settle_s: float = 5.0
    """After a broker came back without what it had, how long its other clients get to come back too."""


@dataclass(frozen=True, slots=True)
class Extras:
    """What MQTT 5 tells beside a payload, and 3.1.1 does not."""

    content_type: str = "application/json"
    expires_s: float | None = None
    user: Mapping[str, str] = field(default_factory=dict)
    correlation: bytes | None = None


JSON = Extras()


class ConnectError(Exception):
    """A connection did not come about."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        """One word for metrics: dns, refused, timeout, tls, auth, client_id, protocol, no_answer, hung_up, rejected."""


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes when this client vanishes."""

    topic: str
    payload: bytes | str
    retain: bool = True


def tls_context(options: MqttOptions) -> ssl.SSLContext | None:
    """Raises ConfigError where the authorities' file cannot be used."""
    if not options.tls:
        return None
    try:
        return ssl.create_default_context(cafile=options.ca_file)
    except OSError as error:
        raise ConfigError([f"mqtt: the CA file {options.ca_file} cannot be used: {error.strerror or error}"]) from error
