"""What Home Assistant documents of MQTT discovery, as far as our messages go, and a judge that knows nothing else.

Facts of the documentation of release 2026.2: integrations/mqtt (discovery in the device form, abbreviations, origin,
availability), integrations/event.mqtt, binary_sensor.mqtt, sensor.mqtt and button.mqtt, and the device classes of
integrations/event, binary_sensor and sensor; compared with the tables of that release (2026.2.3), whose own schemas
took our messages too. A key that is documented and that we do not use is left out on purpose: using it means looking
it up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

ABBREVIATIONS = {
    "avty": "availability",
    "avty_mode": "availability_mode",
    "cmd_t": "command_topic",
    "cmps": "components",
    "dev": "device",
    "dev_cla": "device_class",
    "en": "enabled_by_default",
    "ent_cat": "entity_category",
    "evt_typ": "event_types",
    "json_attr_t": "json_attributes_topic",
    "json_attr_tpl": "json_attributes_template",
    "o": "origin",
    "ops": "options",
    "p": "platform",
    "pl_avail": "payload_available",
    "pl_not_avail": "payload_not_available",
    "pl_off": "payload_off",
    "pl_on": "payload_on",
    "pl_prs": "payload_press",
    "stat_cla": "state_class",
    "stat_t": "state_topic",
    "sug_dsp_prc": "suggested_display_precision",
    "t": "topic",
    "uniq_id": "unique_id",
    "unit_of_meas": "unit_of_measurement",
    "val_tpl": "value_template",
}
DEVICE = {
    "ids": "identifiers",
    "mf": "manufacturer",
    "mdl": "model",
    "sw": "sw_version",
    "cu": "configuration_url",
    "sa": "suggested_area",
}
ORIGIN = {"sw": "sw_version", "url": "support_url"}
DEVICE_KEYS = {"identifiers", "manufacturer", "model", "name", "sw_version", "configuration_url", "suggested_area"}
ORIGIN_KEYS = {"name", "sw_version", "support_url"}
ROOT_KEYS = {"device", "origin", "components", "availability", "availability_mode", "state_topic", "qos", "encoding"}
AVAILABILITY_KEYS = {"topic", "payload_available", "payload_not_available", "value_template"}
AVAILABILITY_MODES = {"all", "any", "latest"}
ENTITY_KEYS = {
    "platform",
    "unique_id",
    "name",
    "availability",
    "availability_mode",
    "device_class",
    "enabled_by_default",
    "entity_category",
    "json_attributes_topic",
    "json_attributes_template",
    "qos",
}
"""Of every platform."""
READING_KEYS = {"state_topic", "value_template"}
"""Of every platform but those that only command."""
PLATFORM_KEYS = {
    "button": {"command_topic", "command_template", "payload_press", "retain"},
    "event": {"event_types"},
    "binary_sensor": {"payload_on", "payload_off", "off_delay", "expire_after", "force_update"},
    "sensor": {
        "expire_after",
        "force_update",
        "options",
        "state_class",
        "suggested_display_precision",
        "unit_of_measurement",
    },
}
REQUIRED = {
    "button": {"command_topic", "unique_id"},
    "event": {"state_topic", "event_types", "unique_id"},
    "binary_sensor": {"state_topic", "unique_id"},
    "sensor": {"state_topic", "unique_id"},
}
DEVICE_CLASSES = {
    "button": {"identify", "restart", "update"},
    "event": {"button", "doorbell", "motion"},
    "binary_sensor": {"connectivity", "motion", "moving", "occupancy", "presence", "problem", "running", "safety"},
    "sensor": {"date", "duration", "enum", "timestamp"},
}
STATE_CLASSES = {"measurement", "total", "total_increasing"}
UNITS = {"duration": {"d", "h", "min", "s", "ms", "μs"}}
"""Of device classes that ask for one."""
TOPIC = re.compile(r"[\w-]+/device/[a-zA-Z0-9_-]+/config")


def spelled(section: Mapping[str, Any], short: Mapping[str, str]) -> dict[str, Any]:
    """Abbreviations spelled out, as Home Assistant does before it looks."""
    return {short.get(key, key): value for key, value in section.items()}


def faults(topic: str, payload: Mapping[str, Any]) -> Iterator[str]:
    """Everything that the documentation does not allow in a discovery message of a device."""
    if not TOPIC.fullmatch(topic):
        yield f"topic {topic}"
    root = spelled(payload, ABBREVIATIONS)
    yield from _keys("the message", root, ROOT_KEYS, {"device", "origin", "components"})
    yield from _keys("device", spelled(root["device"], DEVICE), DEVICE_KEYS, {"identifiers"})
    yield from _keys("origin", spelled(root["origin"], ORIGIN), ORIGIN_KEYS, {"name"})
    yield from _availability("the message", root)
    seen: set[str] = set()
    for key, section in root["components"].items():
        component = spelled(section, ABBREVIATIONS)
        if set(component) == {"platform"}:
            continue  # takes a component away
        yield from _component(key, component)
        if component.get("unique_id") in seen:
            yield f"{key}: unique_id {component['unique_id']} twice"
        seen.add(str(component.get("unique_id")))


def _component(key: str, component: Mapping[str, Any]) -> Iterator[str]:
    platform = component.get("platform")
    if platform not in PLATFORM_KEYS:
        yield f"{key}: platform {platform}"
        return
    reading = set() if platform == "button" else READING_KEYS
    yield from _keys(key, component, ENTITY_KEYS | reading | PLATFORM_KEYS[platform], REQUIRED[platform])
    yield from _availability(key, component)
    kind = component.get("device_class")
    if kind is not None and kind not in DEVICE_CLASSES[platform]:
        yield f"{key}: device class {kind}"
    if component.get("entity_category", "diagnostic") != "diagnostic":
        yield f"{key}: entity category {component['entity_category']}"
    if platform == "sensor":
        yield from _sensor(key, component, kind)
    if "+" in component.get("state_topic", "") or "#" in component.get("state_topic", ""):
        yield f"{key}: a wildcard in the topic"
    if platform == "event" and not (component.get("event_types") and all(component["event_types"])):
        yield f"{key}: no event types"


def _sensor(key: str, sensor: Mapping[str, Any], kind: str | None) -> Iterator[str]:
    options, state = sensor.get("options"), sensor.get("state_class")
    unit = sensor.get("unit_of_measurement")
    if options is not None and (kind != "enum" or state or unit or not options or len(set(options)) < len(options)):
        yield f"{key}: options are for enums, without unit and state class, and there is one at least"
    if state is not None and (state not in STATE_CLASSES or kind in ("enum", "date", "timestamp")):
        yield f"{key}: state class {state}"
    if kind in UNITS and unit not in UNITS[kind]:
        yield f"{key}: unit {unit}"


def _availability(where: str, section: Mapping[str, Any]) -> Iterator[str]:
    for one in section.get("availability", ()):
        yield from _keys(f"availability of {where}", spelled(one, ABBREVIATIONS), AVAILABILITY_KEYS, {"topic"})
    if section.get("availability_mode", "latest") not in AVAILABILITY_MODES:
        yield f"{where}: availability mode"


def _keys(where: str, section: Mapping[str, Any], allowed: set[str], required: set[str]) -> Iterator[str]:
    yield from (f"{where}: unknown key {key}" for key in sorted(set(section) - allowed))
    yield from (f"{where}: no {key}" for key in sorted(required - set(section)))
