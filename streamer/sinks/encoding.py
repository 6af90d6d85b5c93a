"""How events are written: our own JSON, or that in a CloudEvents envelope. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from streamer.wire import Message, envelope, timestamp

TYPES = "io.taktstream"
SUBJECTS = ("action", "step", "procedure")
"""What a CloudEvent is about: the first of these that its body has."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """One way to write a message."""

    content_type: str
    """Of the payload, for protocols that tell (MQTT 5)."""
    write: Callable[[Message], bytes]


PLAIN = Encoding("application/json", envelope)


def cloudevents(service: str) -> Encoding:
    """CloudEvents 1.0 in structured mode and JSON format (specification, JSON format and MQTT binding 1.0.2).

    `service` names the process that speaks; with stream and watch it is the event's source. What the plain encoding
    writes is the event's `data`, unchanged.
    """
    return Encoding("application/cloudevents+json", lambda message: _cloudevent(message, service))


def _cloudevent(message: Message, service: str) -> bytes:
    body = message.body
    event: dict[str, object] = {
        "specversion": "1.0",
        "id": str(message.key),
        "source": _source(service, message),
        "type": _type(body),
        "time": body.get("at") or timestamp(message.captured_at),
        "datacontenttype": PLAIN.content_type,
        # The extension asks for texts in the order of the events; a new term begins at 1 again and is a larger number.
        "sequence": f"{message.term:010d}.{message.seq:012d}",
    }
    if "schema" in body:
        event["dataschema"] = schema_urn(str(body["schema"]))
    subject = next((str(body[name]) for name in SUBJECTS if body.get(name)), None)
    if subject is not None:
        event["subject"] = subject
    if "traceparent" in message.properties:
        event["traceparent"] = message.properties["traceparent"]
    data = {**body, "seq": message.seq, "term": message.term}
    return json.dumps({**event, "data": data}, separators=(",", ":")).encode()


def schema_urn(schema: str) -> str:
    """The `$id` of a body's JSON Schema, e.g. `urn:takt:schema:event:v1` of `takt.event.v1`."""
    product, name, version = schema.split(".")
    return f"urn:{product}:schema:{name}:{version}"


def _source(service: str, message: Message) -> str:
    places = (service, message.stream, message.body.get("watch"))
    return "urn:takt:source:" + "/".join(quote(str(place), safe="") for place in places if place)


def _type(body: dict[str, object]) -> str:
    """E.g. `io.taktstream.action.started`, `io.taktstream.step.done`, `io.taktstream.cycle.completed`."""
    words = (TYPES, body.get("type"), body.get("phase") or body.get("verdict"))
    return ".".join(str(word) for word in words if word)
