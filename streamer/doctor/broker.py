"""What the broker takes and gives: as another client, on topics of our own."""

from __future__ import annotations

from dataclasses import replace

from streamer.broker import mqtt_options, prefixes_of
from streamer.clock import Clock
from streamer.doctor.finding import Finding, Notes
from streamer.errors import ConfigError
from streamer.settings import Mqtt, Settings
from streamer.sinks.mqtt import V5, Checkup, MqttOptions, Permission, check_up

LEAST_PACKET = 64 << 10
_HERE = ("127.0.0.1", "localhost", "::1")
_CONNECT = {
    "refused": "start the broker, or check host and port of mqtt.url",
    "dns": "check the host of mqtt.url, or use its IP address",
    "timeout": "check the network and firewall between here and the broker",
    "auth": "check mqtt.username and the password, and that the broker knows them",
    "tls": "give the authority of the broker's certificate as mqtt.ca_file, and the host name that it was made for",
    "client_id": "give an mqtt.client_id that the broker likes",
    "no_answer": "check that MQTT is spoken on that port, and whether it wants TLS (mqtts://)",
    "hung_up": "check that MQTT is spoken on that port, and whether it wants TLS (mqtts://)",
}


async def look(settings: Settings, clock: Clock) -> list[Finding]:
    if settings.mqtt is None:
        return []
    mqtt = settings.mqtt
    try:
        options = replace(mqtt_options(mqtt), prefixes=prefixes_of(mqtt, settings.streams))
        found = await check_up(options, _topics(settings, options))
    except ConfigError as error:
        notes = Notes.of("broker", mqtt.url)
        for problem in error.problems:
            notes.bad(problem, "give a file that this user may read")
        return notes.found
    return judged(mqtt, options, found)


def _topics(settings: Settings, options: MqttOptions) -> list[str]:
    """One below each prefix that streams have: rights are given by prefix."""
    by_prefix = {options.prefixes[stream.id]: stream.id for stream in settings.streams}
    return [f"{prefix}/{stream}/doctor" for prefix, stream in by_prefix.items()]


def judged(mqtt: Mqtt, options: MqttOptions, found: Checkup) -> list[Finding]:
    notes = Notes.of("broker", f"{options.host}:{options.port}")
    if found.reason:
        notes.bad(f"no connection: {found.detail}", _CONNECT.get(found.reason, "see the broker's log"))
        return notes.found
    notes.good(f"connected, MQTT {'5' if found.version == V5 else '3.1.1'}")
    if found.version != V5:
        says = "knows only MQTT 3.1.1: it refuses without a word, and messages do not expire"
        notes.warn(says, "use a broker that speaks MQTT 5, such as Mosquitto 2")
    if found.largest is not None and found.largest < LEAST_PACKET:
        says = f"takes packets of at most {found.largest} bytes; what is larger is set aside"
        notes.warn(says, f"raise its limit to {LEAST_PACKET} (Mosquitto: max_packet_size)")
    if mqtt.username is not None and not options.tls and options.host not in _HERE:
        notes.warn("the password travels in clear", "use mqtts:// and a broker with a certificate")
    elif mqtt.username is None and options.host not in _HERE:
        notes.warn("takes whoever comes", "give the broker users and an access list, and name one in mqtt.username")
    for permission in found.permissions:
        _rights(notes, options, permission, found.version == V5)
    return notes.found


def _rights(notes: Notes, options: MqttOptions, of: Permission, says_no: bool) -> None:
    tree = of.topic.rsplit("/", 2)[0] + "/#"
    give = f"give {options.username or 'this client'} the right to {{}} {tree} (Mosquitto: topic readwrite {tree})"
    if of.written:
        notes.bad(f"may not write to {of.topic} ({of.written})", give.format("write"))
    elif of.read or not of.came:
        why = f" ({of.read})" if of.read else ""
        if says_no:
            says = f"may write to {of.topic}, and not read it{why}: no commands, acknowledgements or units are heard"
            notes.warn(says, give.format("read"))
        else:
            says = f"what is written to {of.topic} does not come back{why}: one of both is refused without a word"
            notes.bad(says, give.format("read and write"))
    else:
        notes.good(f"may write to and read {tree}")
        _powers(notes, of)


def _powers(notes: Notes, of: Permission) -> None:
    if not of.retained:
        says = "does not retain: who comes late does not know whether a camera is online"
        notes.bad(says, "allow retained messages (Mosquitto: retain_available true)")
    if not of.willed:
        says = "does not speak for a client that vanished: a killed service stays `online`"
        notes.bad(says, "allow wills, and the right to write of the client that has one")
    if of.large:
        says = f"refuses a message of 63 KiB ({of.large})"
        notes.warn(says, "raise its limit (Mosquitto: max_packet_size, message_size_limit)")
