"""Messages to an MQTT broker."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Protocol, Self

from streamer.clock import Clock
from streamer.errors import MessageRejected, SinkUnavailable
from streamer.sinks.base import Heard, Inbound, Unlisten
from streamer.sinks.encoding import PLAIN, Encoding
from streamer.sinks.mqtt.inbox import Inbox, Listeners, check_filter
from streamer.sinks.mqtt.memory import TOPIC, BrokerMemory
from streamer.sinks.mqtt.options import OLDER, V5, V311, ConnectError, Extras, MqttOptions, Will, tls_context
from streamer.sinks.mqtt.remembered import Remembered
from streamer.sinks.mqtt.retrying import keep_connected, remedy
from streamer.sinks.mqtt.session import Session
from streamer.sinks.mqtt.standing import Standing
from streamer.wire import Message

_log = logging.getLogger(__name__)

SUBJECTS = ("action_id", "cycle_id")
"""What a message is about: its correlation data, the first of these that it has."""
WAITED_S = 2.0
"""What comes so soon after a connect may have been waiting at the broker."""
TEXT = Extras(content_type="text/plain")


class MqttObserver(Protocol):
    """Called on the loop."""

    def mqtt_connected(self, connected: bool) -> None: ...

    def mqtt_reconnect(self, reason: str) -> None: ...

    def mqtt_subscription_refused(self) -> None: ...

    def mqtt_heard(self, outcome: str) -> None:
        """A message came: `taken`, `failed` (a bug), `unwanted`, `too_large` or `overrun`."""
        ...


class MqttSink:
    """Delivers to `<prefix>/<message topic>` with QoS 1; a message is delivered when the broker's PUBACK says so.

    `<prefix>/service/<client id>/status` is retained: `online`, or `offline` after the end, however it came.
    Connected, again and again, between entering and leaving; neither waits for the broker to be there.
    """

    def __init__(
        self,
        options: MqttOptions,
        clock: Clock,
        observer: MqttObserver,
        encoding: Encoding = PLAIN,
        beside: Callable[[str, Mapping[str, object]], None] | None = None,
    ) -> None:
        """`encoding` is that of messages; what `state` shows stays as it is, and is told to `beside` too.

        Raises:
            ConfigError: the CA file cannot be used.
        """
        tls_context(options)
        self._options = options
        self._clock = clock
        self._observer = observer
        self._encoding, self._beside = encoding, beside
        self._session: Session | None = None
        self._version = options.version
        """What the broker is known to speak; None: 5 is asked for first."""
        self._hang_ups = 0
        """How often in a row it hung up on MQTT 5 instead of answering."""
        self._fresh = True
        """Whether the broker is to forget what it keeps for us: at the first connect, of whatever was before."""
        self._service = f"{options.prefix}/service/{options.client_id}"
        self.status_topic = f"{self._service}/status"
        """Where it says `online` and `offline`, whole."""
        self._memory: BrokerMemory | None = None
        self._standing = Standing(Remembered(options.remembered))
        self._streams: dict[str, str] = {}
        """By topic that is shown, whole, the stream that it is of."""
        self._listeners = Listeners(observer.mqtt_heard)
        self._left: set[str] = set()
        """Filters that nobody listens to any more, and the broker does not know it yet."""
        self._inbox = Inbox(self._take, self._listeners.refused)
        self._connected_s = 0.0
        self._lost_s: float | None = None
        """When the newest connection began, and the one before ended, on the clock that never steps."""
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        self._observer.mqtt_connected(False)
        await self._tasks.__aenter__()
        self._running = self._tasks.create_task(self.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._running.cancel()
        await self._tasks.__aexit__(None, None, None)

    async def run(self) -> None:
        """Keep the connection until cancelled; then say `offline` and goodbye."""
        try:
            await keep_connected(self._connection, self._observer.mqtt_reconnect, self._clock)
        finally:
            await self._leave()

    async def put(self, message: Message) -> None:
        """Return at the broker's PUBACK. See `Sink.put`."""
        session = self._session
        if session is None:
            raise SinkUnavailable("the broker is not connected")
        acknowledged = session.publish(
            self._topic(message.topic), self._encoding.write(message), extras=self._extras(message)
        )
        try:
            async with asyncio.timeout(self._options.ack_timeout_s):
                await acknowledged
        except TimeoutError:
            # paho would wait for ever and call itself connected.
            session.drop("no_ack")
            raise SinkUnavailable(f"no acknowledgement within {self._options.ack_timeout_s:g} s") from None
        if self._memory is not None:
            self._memory.acknowledged()

    def state(self, topic: str, payload: Mapping[str, object]) -> None:
        """Retain the latest value of a topic (below the prefix), now and after every connect; never waits."""
        self.retain(self._topic(topic), json.dumps(payload, separators=(",", ":")))
        if self._beside is not None:
            self._beside(topic, payload)

    def retain(self, topic: str, payload: str, kept: Callable[[], None] | None = None) -> None:
        """As `state`, of a topic as it stands: retain a text, or take away what is retained where it is empty.

        `kept` is called on the loop each time that the broker has taken it.
        """
        self._standing.set(topic, payload, self._session, kept)

    def once(self, topic: str, payload: Mapping[str, object]) -> None:
        """Retain a document on a whole topic that is not ours to keep up: it is said now, or not at all."""
        if self._session is not None:
            self._session.publish(topic, json.dumps(payload, separators=(",", ":")), retain=True)

    def shows(self, topics: Iterable[str]) -> None:
        """See `StatusSink.shows`."""
        ours = (self.status_topic, f"{self._service}/{TOPIC}")
        before, self._streams = self._streams, {self._topic(topic): topic.partition("/")[0] for topic in topics}
        ours_now = set(self._streams.values())
        left = [topic for topic, stream in before.items() if topic not in self._streams and stream not in ours_now]
        given = [topic for topic in left if self._options.elsewhere(before[topic])]
        self._standing.only([*ours, *self._streams], self._session, given)

    def give(self, topics: Iterable[str]) -> None:
        """Somebody else retains something on them from now on (whole topics): they are neither told again nor taken
        away."""
        self._standing.give(topics)

    def answer(self, request: Inbound, payload: Mapping[str, object]) -> None:
        """See `StatusSink.answer`."""
        if self._session is not None and request.reply_to and self._may_answer(request.reply_to):
            text = json.dumps(payload, separators=(",", ":"))
            self._session.publish(request.reply_to, text, extras=Extras(correlation=request.correlation))

    def _may_answer(self, topic: str) -> bool:
        """Whoever asks chooses the topic: not one on which others look for what we say."""
        ours = {self._options.prefix, *self._options.prefixes.values()}
        below = [topic.removeprefix(f"{prefix}/") for prefix in ours if topic.startswith(f"{prefix}/")]
        return not set(topic) & set("+#\0") and not topic.startswith("$") and all(b.startswith("reply/") for b in below)

    def on_loss(self, lost: Callable[[float], None], known: float) -> None:
        """See `StatusSink.on_loss`. The broker keeps `<prefix>/service/<client id>/mark` for it, retained."""
        self._memory = BrokerMemory(self._clock, lost, known, self._options.settle_s)
        self.listen(f"{self._service}/{TOPIC}", self._memory.heard)

    def listen(self, topics: str, heard: Heard, *, below_prefix: bool = False) -> Unlisten:
        """See `StatusSink.listen`."""
        topics = self._topic(topics) if below_prefix else topics
        check_filter(topics)
        new = topics not in self._listeners.topics
        remove = self._listeners.add(topics, heard)
        self._left.discard(topics)
        if self._session is not None and new:
            self._subscribe(self._session, topics)

        def unlisten() -> None:
            remove()
            if topics not in self._listeners.topics:
                self._left.add(topics)
                self._leave_topics()

        return unlisten

    def _leave_topics(self) -> None:
        """A broker that keeps our session sends what we once asked for until it is told otherwise."""
        if self._session is not None:
            for topics in self._left:
                self._session.unsubscribe(topics)
            self._left.clear()

    def _take(self, message: Inbound) -> None:
        self._listeners.take(replace(message, late_s=self._may_have_waited_s()))

    def _may_have_waited_s(self) -> float:
        now_s = self._clock.monotonic()
        if self._lost_s is None or (self._session is not None and now_s - self._connected_s > WAITED_S):
            return 0.0
        return now_s - self._lost_s

    def _topic(self, topic: str) -> str:
        """With the prefix of the stream that it begins with."""
        prefix = self._options.prefixes.get(topic.partition("/")[0], self._options.prefix)
        return f"{prefix}/{topic}"

    def _extras(self, message: Message) -> Extras:
        limit_s = message.expires_s or self._options.expiry_s.get(message.cls)
        subject = next((message.body[name] for name in SUBJECTS if name in message.body), None)
        return Extras(
            content_type=self._encoding.content_type,
            # Counted from what it speaks of: one that waited here is old already.
            expires_s=None if limit_s is None else limit_s - max(0.0, self._clock.now() - message.captured_at),
            user={"event_id": str(message.key), **message.properties},
            correlation=None if subject is None else str(subject).encode(),
        )

    async def _connection(self) -> tuple[str, float]:
        """One connection from start to end; why it ended and how long it lasted, in seconds."""
        if self._memory is not None:
            self._memory.connecting()
        try:
            session = await self._connect()
        except ConnectError as error:
            text = "no connection to the MQTT broker %s:%d: %s%s"
            _log.warning(text, self._options.host, self._options.port, error, remedy(error.reason))
            return error.reason, 0.0
        since = self._clock.monotonic()
        self._session, self._connected_s = session, since
        self._observer.mqtt_connected(True)
        _log.info("connected to the MQTT broker, protocol %s", "5" if session.version == V5 else "3.1.1")
        session.publish(self.status_topic, "online", retain=True, extras=TEXT)
        self._standing.all(session)
        for topics in self._listeners.topics:
            self._subscribe(session, topics)
        self._leave_topics()
        reason = await self._while_connected(session)
        self._session, self._lost_s = None, self._clock.monotonic()
        self._observer.mqtt_connected(False)
        _log.warning("lost the MQTT broker: %s%s", reason, remedy(reason))
        return reason, self._clock.monotonic() - since

    async def _while_connected(self, session: Session) -> str:
        """Returns why it ended."""
        if self._memory is None:
            return await asyncio.shield(session.ended)
        watching = self._tasks.create_task(self._watch_memory(session, self._memory))
        try:
            return await asyncio.shield(session.ended)
        finally:
            watching.cancel()

    async def _watch_memory(self, session: Session, memory: BrokerMemory) -> None:
        try:
            await memory.watch(lambda mark: session.publish(f"{self._service}/{TOPIC}", mark, retain=True))
        except MessageRejected as error:
            words = "the broker does not take %s/%s (%s): what it forgets cannot be seen; see its access list"
            _log.warning(words, self._service, TOPIC, error.reason)
        except SinkUnavailable:
            _log.debug("the connection ended before the mark was moved on")

    async def _connect(self) -> Session:
        """MQTT 5 where the broker speaks it, else 3.1.1. Raises ConnectError.

        A broker that refuses 5 or never answers to it is asked for 3.1.1 from then on. One that hangs up may do the
        same, or be a proxy whose broker is away: the second time in a row 3.1.1 is tried, for this connection only.
        """
        will = Will(self.status_topic, "offline")
        reason = ""
        try:
            session = await connected(self._options, self._version or V5, will, self._inbox, fresh=self._fresh)
        except ConnectError as error:
            reason = error.reason
            self._hang_ups = self._hang_ups + 1 if reason == "hung_up" else 0
            known, self._version = self._version, self._options.version
            if known is not None or reason not in OLDER or self._hang_ups == 1:
                raise
            session = await connected(self._options, V311, will, self._inbox, fresh=True)
        self._hang_ups, self._fresh = 0, session.version != V5
        if reason in OLDER - {"hung_up"}:
            self._version = V311
        return session

    def _subscribe(self, session: Session, topics: str) -> None:
        def answered(answer: asyncio.Future[str | None]) -> None:
            if not answer.cancelled() and (refused := answer.result()) is not None:
                words = "the broker does not let us listen to %s (%s); see its access list"
                _log.warning(words, topics, refused)
                self._observer.mqtt_subscription_refused()

        session.subscribe(topics).add_done_callback(answered)

    async def _leave(self) -> None:
        session, self._session = self._session, None
        if session is None:
            return
        try:
            async with asyncio.timeout(2.0):
                await session.publish(self.status_topic, "offline", retain=True, extras=TEXT)
        except (SinkUnavailable, MessageRejected, TimeoutError):
            _log.debug("the broker did not take the goodbye")
        await session.close()
        self._observer.mqtt_connected(False)


async def connected(options: MqttOptions, version: int, will: Will, inbox: Inbox, *, fresh: bool) -> Session:
    """A session that the broker has welcomed. Raises ConnectError."""
    session = Session(options, version, will, inbox, fresh)
    await session.connect()
    return session
