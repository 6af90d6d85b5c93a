"""One connection to an MQTT broker, from CONNECT to its end. The door to paho.

paho connects and reads in its own thread; its callbacks only post to the loop. Its reconnecting and its queue are not
used: it reconnects without jitter, drops the newest when full, and keeps nothing over a restart.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from streamer.errors import MessageRejected, SinkUnavailable
from streamer.sinks.base import FENCED, Inbound
from streamer.sinks.mqtt.guarded import GuardedClient
from streamer.sinks.mqtt.inbox import Inbox
from streamer.sinks.mqtt.options import JSON, V5, ConnectError, Extras, MqttOptions, Will, tls_context

_log = logging.getLogger(__name__)

IN_FLIGHT = 100
CLOSE_S = 2.0
MOST_BYTES = 1 << 20
"""Of a packet that a broker may send us (MQTT 5): paho takes whatever comes, a quarter of a gigabyte too."""
PACKET_OVERHEAD = 1024
"""Bytes kept for header, topic and properties where the broker limits the packet."""
PERMANENT = {0x87: "not_authorized", 0x90: "topic_invalid", 0x99: "payload_invalid"}
"""PUBACK reason codes that no second try will change (MQTT 5, 3.4.2.1)."""
CONNACK_REASONS = {0x84: "protocol", 0x85: "client_id", 0x86: "auth", 0x87: "auth", 0x8A: "auth", 0x8C: "auth"}
DISCONNECT_REASONS = {0x8E: "taken_over", 0x87: "auth", 0x95: "packet_too_large", 0x8B: "broker_shutdown"}


@dataclass(frozen=True, slots=True)
class _Outgoing:
    topic: str
    payload: bytes | str
    qos: int
    retain: bool
    properties: Properties | None
    acknowledged: asyncio.Future[None]


class Session:
    """Made, connected and closed on the loop. After `ended` it is of no more use."""

    def __init__(
        self,
        options: MqttOptions,
        version: int,
        will: Will | None = None,
        inbox: Inbox | None = None,
        fresh: bool = True,
    ) -> None:
        """What is received goes to the `inbox`; without one, nothing is subscribed to. With MQTT 5 and not `fresh`, the
        broker goes on with what it kept of the connection before."""
        self._loop = asyncio.get_running_loop()
        self._options = options
        self.version = version
        self._inbox = inbox
        self._fresh = fresh
        self._answered: asyncio.Future[None] = self._loop.create_future()
        self.ended: asyncio.Future[str] = self._loop.create_future()
        """Done when the connection is over; one word for metrics."""
        self._acks: dict[int, asyncio.Future[None]] = {}
        self._subacks: dict[int, asyncio.Future[str | None]] = {}
        self._puback: deque[tuple[int, ReasonCode]] = deque()
        self._puback_told = False
        self._backlog: deque[_Outgoing] = deque()
        self.largest: int | None = None
        """Bytes of a packet, as the broker limits it."""
        self.at_once = IN_FLIGHT
        """Messages that may wait for their acknowledgement."""
        self.retains = True
        """Whether the broker takes retained messages; on others it hangs up then."""
        self._abandoned = threading.Event()
        self._client = self._make_client(will)

    def _make_client(self, will: Will | None) -> Client:
        client = GuardedClient(
            CallbackAPIVersion.VERSION2,
            client_id=self._options.client_id,
            protocol=MQTTProtocolVersion(self.version),
            reconnect_on_failure=False,
        )
        client.may_publish = self._options.may_publish
        client.connect_timeout = self._options.connect_timeout_s
        client.max_inflight_messages_set(IN_FLIGHT)
        # An exception in a callback would end paho's thread while it still called itself connected.
        client.suppress_exceptions = True
        if self._options.username is not None:
            client.username_pw_set(self._options.username, self._options.password)
        context = tls_context(self._options)
        if context is not None:
            client.tls_set_context(context)
        if will is not None:
            client.will_set(will.topic, will.payload, qos=1, retain=will.retain)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribed
        client.on_message = self._on_received
        return client

    async def connect(self) -> None:
        """Raises ConnectError."""
        threading.Thread(target=self._dial, name="mqtt-dial", daemon=True).start()
        limit_s = self._options.connect_timeout_s + self._options.answer_timeout_s
        try:
            async with asyncio.timeout(limit_s):
                await self._answered
        except TimeoutError:
            self.drop("timeout")
            raise ConnectError("timeout", f"no connection to {self._options.host} within {limit_s:g} s") from None
        except BaseException:
            self.drop("given_up")
            raise

    def publish(
        self,
        topic: str,
        payload: bytes | str,
        *,
        qos: int = 1,
        retain: bool = False,
        extras: Extras = JSON,
    ) -> asyncio.Future[None]:
        """Send, in the order of the calls. The future is done at the PUBACK; with QoS 0, once it is sent.

        Raises through the future:
            SinkUnavailable: not now (the connection ended, quota).
            MessageRejected: the broker, or MQTT itself, will not have it.
        """
        future: asyncio.Future[None] = self._loop.create_future()
        # Nobody waits for the state messages; their failures are seen as the end of the connection.
        future.add_done_callback(_look)
        extra = _properties(extras) if self.version == V5 else None
        if self.ended.done():
            future.set_exception(SinkUnavailable("the connection to the broker has ended"))
        elif self.largest is not None and len(payload) + PACKET_OVERHEAD > self.largest:
            future.set_exception(MessageRejected("packet_too_large"))
        else:
            self._backlog.append(_Outgoing(topic, payload, qos, retain, extra, future))
            self._send()
        return future

    def subscribe(self, topics: str) -> asyncio.Future[str | None]:
        """Ask for a topic filter with QoS 1. The future is done at the SUBACK: None, or why the broker refused.

        It is cancelled when the connection ends before.

        Raises:
            ValueError: not a topic filter.
        """
        future: asyncio.Future[str | None] = self._loop.create_future()
        result, mid = self._client.subscribe(topics, qos=1)
        if result == MQTTErrorCode.MQTT_ERR_SUCCESS and mid is not None and not self.ended.done():
            self._subacks[mid] = future
        else:
            future.cancel()
        return future

    def unsubscribe(self, topics: str) -> None:
        """No longer ask for a topic filter. Whether the broker has heard it is not waited for."""
        self._client.unsubscribe(topics)

    async def close(self) -> None:
        """Say goodbye: the broker does not publish the will then."""
        self._client.disconnect()
        try:
            async with asyncio.timeout(CLOSE_S):
                await asyncio.shield(self.ended)
        except TimeoutError:
            self.drop("closed")

    def drop(self, reason: str) -> None:
        """End the connection without a word: the broker publishes the will."""
        self._abandoned.set()
        self._over(reason)
        self._hang_up()

    def _send(self) -> None:
        """Hand to paho what the broker's Receive Maximum allows; a broker hangs up on more."""
        while self._backlog and len(self._acks) < self.at_once:
            out = self._backlog.popleft()
            if out.acknowledged.done():
                continue
            if not self._options.may_publish():
                out.acknowledged.set_exception(SinkUnavailable(FENCED))
                continue
            try:
                info = self._client.publish(out.topic, out.payload, out.qos, out.retain, out.properties)
            except ValueError:
                out.acknowledged.set_exception(MessageRejected("topic_invalid"))
                continue
            if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS:
                self._acks[info.mid] = out.acknowledged
            else:
                out.acknowledged.set_exception(SinkUnavailable("the connection to the broker has ended"))

    # On the loop, posted by the threads.

    def _welcome(self, refused: str | None, detail: str, limits: Properties | None) -> None:
        self.largest = getattr(limits, "MaximumPacketSize", None)
        self.retains = bool(getattr(limits, "RetainAvailable", True))
        self.at_once = min(IN_FLIGHT, getattr(limits, "ReceiveMaximum", IN_FLIGHT))
        if self._answered.done():
            return
        if refused is None:
            self._answered.set_result(None)
        else:
            self._answered.set_exception(ConnectError(refused, detail))

    def _take_acks(self) -> None:
        self._puback_told = False
        while self._puback:
            mid, code = self._puback.popleft()
            future = self._acks.pop(mid, None)
            if future is not None and not future.done():
                _acknowledge(future, code)
        self._send()

    def _take_suback(self, mid: int, codes: list[ReasonCode]) -> None:
        future = self._subacks.pop(mid, None)
        if future is not None and not future.done():
            refused = [code for code in codes if code.value >= 0x80]
            future.set_result(str(refused[0]) if refused else None)

    def _over(self, reason: str) -> None:
        if not self._answered.done():
            why = "no_answer" if reason == "no_answer" else "hung_up"
            self._answered.set_exception(ConnectError(why, "the broker did not answer to CONNECT"))
            _look(self._answered)
        if not self.ended.done():
            self.ended.set_result(reason)
        unsettled = [*self._acks.values(), *(out.acknowledged for out in self._backlog)]
        self._acks.clear()
        self._backlog.clear()
        for suback in self._subacks.values():
            suback.cancel()
        self._subacks.clear()
        for future in unsettled:
            if not future.done():
                future.set_exception(SinkUnavailable(f"the connection to the broker ended: {reason}"))

    def _expect_answer(self) -> None:
        self._loop.call_later(self._options.answer_timeout_s, self._check_answer)

    def _check_answer(self) -> None:
        if not self._answered.done():
            self.drop("no_answer")

    # In the threads.

    def _dial(self) -> None:
        """The thread of the connection, from its beginning to its end."""
        try:
            self._client.connect(self._options.host, self._options.port, self._options.keepalive_s, **self._lasting())
        except Exception as error:
            self._post(self._welcome, *_explain(error), None)
            self._post(self._over, "refused")
        else:
            self._follow()
        # paho gives its sockets back when it is collected; it and we know each other, so that would take long. On the
        # loop, which alone sends.
        self._post(self._client._reset_sockets)

    def _follow(self) -> None:
        if self._abandoned.is_set():
            return
        self._post(self._expect_answer)
        self._client.loop_start()
        network = self._client._thread
        if network is not None:
            # It ends with the connection. Should it end of a bug, nobody but us would notice: paho calls itself
            # connected.
            network.join()
        self._post(self._over, "thread_ended")

    def _lasting(self) -> dict[str, Any]:
        """Of MQTT 5: a session that outlives a connection, not a process."""
        if self.version != V5:
            return {}
        return {"clean_start": self._fresh, "properties": _session(self._options.session_s if self._inbox else 0)}

    def _hang_up(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            # Not close(): paho's thread still selects on it, and sees the end this way.
            self._client.socket().shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]

    def _on_connect(self, _: Client, __: Any, ___: ConnectFlags, code: ReasonCode, limits: Properties | None) -> None:
        if code.is_failure:
            self._post(self._welcome, CONNACK_REASONS.get(code.value, "rejected"), str(code), None)
            return
        self._post(self._welcome, None, "", limits)

    def _on_disconnect(
        self, _: Client, __: Any, flags: DisconnectFlags, code: ReasonCode, ___: Properties | None
    ) -> None:
        told = flags.is_disconnect_packet_from_server
        self._post(self._over, DISCONNECT_REASONS.get(code.value, "rejected") if told else "lost")

    def _on_publish(self, _: Client, __: Any, mid: int, code: ReasonCode, ___: Properties) -> None:
        # One wake-up of the loop for all acknowledgements that came together: waking it costs more than they do.
        self._puback.append((mid, code))
        if not self._puback_told:
            self._puback_told = True
            self._post(self._take_acks)

    def _on_subscribed(self, _: Client, __: Any, mid: int, codes: list[ReasonCode], ___: Properties | None) -> None:
        self._post(self._take_suback, mid, codes)

    def _on_received(self, _: Client, __: Any, message: MQTTMessage) -> None:
        if self._inbox is not None and self._inbox.put(_inbound(message)):
            self._post(self._inbox.empty)

    def _post(self, call: Callable[..., None], *args: object) -> None:
        try:
            self._loop.call_soon_threadsafe(call, *args)
        except RuntimeError:
            _log.debug("the loop has ended before the connection")


def _acknowledge(future: asyncio.Future[None], code: ReasonCode) -> None:
    if code.value < 0x80:
        future.set_result(None)
    elif code.value in PERMANENT:
        future.set_exception(MessageRejected(PERMANENT[code.value]))
    else:
        text = f"the broker does not take the message now: {code} (0x{code.value:02x})"
        future.set_exception(SinkUnavailable(text))


def _inbound(message: MQTTMessage) -> Inbound:
    properties = message.properties
    return Inbound(
        topic=message.topic,
        payload=bytes(message.payload),
        retained=message.retain,
        again=message.dup,
        reply_to=getattr(properties, "ResponseTopic", None),
        correlation=getattr(properties, "CorrelationData", None),
    )


def _properties(extras: Extras) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.PayloadFormatIndicator = 1
    properties.ContentType = extras.content_type
    if extras.expires_s is not None:
        properties.MessageExpiryInterval = max(1, int(extras.expires_s))
    if extras.correlation is not None:
        properties.CorrelationData = extras.correlation
    if extras.user:
        properties.UserProperty = list(extras.user.items())
    return properties


def _session(seconds: int) -> Properties:
    """How long the broker keeps our subscriptions and what comes on them while we are away, and what it spares us."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = seconds
    properties.MaximumPacketSize = MOST_BYTES
    return properties


def _look(future: asyncio.Future[None]) -> None:
    """Mark a failure as seen."""
    if not future.cancelled():
        future.exception()


def _explain(error: Exception) -> tuple[str, str]:
    """(reason, detail) of a connection that did not come about."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "tls", error.verify_message
    if isinstance(error, ssl.SSLError):
        return "tls", error.reason or str(error)
    if isinstance(error, socket.gaierror):
        return "dns", "the broker's name cannot be resolved"
    if isinstance(error, TimeoutError):
        return "timeout", "the broker's address does not answer"
    return "refused", str(error)
