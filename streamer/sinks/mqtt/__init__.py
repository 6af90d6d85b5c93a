"""MQTT: messages with QoS 1, retained state, last will."""

from streamer.sinks.mqtt.checkup import Checkup, Permission, check_up
from streamer.sinks.mqtt.options import V5, V311, MqttOptions
from streamer.sinks.mqtt.sink import MqttObserver, MqttSink
from streamer.sinks.mqtt.subscriber import Subscriber

__all__ = ["V5", "V311", "Checkup", "MqttObserver", "MqttOptions", "MqttSink", "Permission", "Subscriber", "check_up"]
