"""The broker NATS: a stream of JetStream, with a subject and a durable consumer for each queue."""

import asyncio
import contextlib
import itertools
import json
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from framework._jobs.broker.names import address_of, plain_name
from framework._jobs.broker.protocol import BrokerError, Delivery

__all__ = ("NATSBroker",)

_PATIENCE = 5.0
"""Seconds that the server has for a response."""
_CONNECT = 2.0
"""Seconds that a connection may take."""
_ACK_WAIT = 60.0
"""Seconds after which a message is delivered again: for a worker that is killed before it claims the job."""
_MOST = 50_000
"""Messages that are delivered and not acknowledged. Workers acknowledge within milliseconds."""


class NATSBroker:
    """Receives messages by the pull requests of JetStream, with one subscription for all responses."""

    def __init__(self, url: str, prefix: str) -> None:
        from nats.aio.client import Client
        from nats.errors import Error
        from nats.js.errors import NotFoundError

        self.where = address_of(url)
        self._client_type = Client
        self._errors = (Error, OSError, TimeoutError)
        self._not_found = NotFoundError
        self._url = url
        self._stream = plain_name(prefix)
        self._client: Client | None = None
        self._connecting = asyncio.Lock()
        self._prepared: set[str] = set()
        """The queues whose consumer exists."""
        self._arrived: deque[Any] = deque()
        self._ended: dict[str, str] = {}
        """The status with which the server has ended a request, by its inbox."""
        self._some = asyncio.Event()
        self._inbox = ""
        self._numbers = itertools.count(1)
        self._asked: dict[str, float] = {}
        """Until when the server keeps a request for the next message of a queue."""

    async def publish(self, queue: str, messages: Sequence[bytes]) -> None:
        """Send messages, and wait until they are stored in the stream."""
        client = await self._open()
        await self._prepare(client, (queue,))
        stream, subject = client.jetstream(), self._subject(queue)
        sent = (stream.publish(subject, one, timeout=_PATIENCE) for one in messages)
        failed = [one for one in await asyncio.gather(*sent, return_exceptions=True) if isinstance(one, BaseException)]
        if failed:
            # The stream may have been deleted.
            self._prepared.clear()
            raise BrokerError.of(failed[0]) from failed[0]

    async def receive(self, queues: Sequence[str], limit: int, seconds: float) -> Sequence[Delivery]:
        """Return what is there; otherwise wait for one message."""
        client = await self._open()
        await self._prepare(client, queues)
        for queue in queues:
            if len(self._arrived) < limit:
                await self._pull(client, queue, limit - len(self._arrived))
        if not self._arrived:
            await self._linger(client, queues, seconds)
        return [self._next() for _ in range(min(limit, len(self._arrived)))]

    def _next(self) -> Delivery:
        message = self._arrived.popleft()
        self._asked.pop(message.subject, None)
        return Delivery(message.data, message.reply)

    async def _pull(self, client: Any, queue: str, count: int) -> None:
        """Receive what is there."""
        wanted = len(self._arrived) + count
        inbox = await self._ask(client, queue, {"batch": count, "no_wait": True})
        try:
            async with asyncio.timeout(_PATIENCE):
                while inbox not in self._ended and len(self._arrived) < wanted:
                    self._some.clear()
                    await self._some.wait()
        except TimeoutError as error:
            raise BrokerError("NATS does not respond") from error
        if self._ended.pop(inbox, "") in ("503", "409"):
            # The consumer or its stream has been deleted, or the server has no JetStream.
            self._prepared.clear()
            raise BrokerError("NATS has no consumer for jobs")

    async def _linger(self, client: Any, queues: Sequence[str], seconds: float) -> None:
        """Wait for the next message of any queue."""
        now = time.monotonic()
        for queue in queues:
            # One request is kept for each queue: its message may come later than this returns.
            if self._asked.get(self._subject(queue), 0.0) < now:
                self._asked[self._subject(queue)] = now + seconds
                await self._ask(client, queue, {"batch": 1, "expires": int(seconds * 1e9)})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self._arrived:
                    self._some.clear()
                    await self._some.wait()
        self._ended.clear()

    async def _ask(self, client: Any, queue: str, request: dict[str, Any]) -> str:
        inbox = f"{self._inbox}.{next(self._numbers)}"
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{plain_name(queue)}"
        try:
            await client.publish(subject, json.dumps(request).encode(), reply=inbox)
        except self._errors as error:
            raise BrokerError.of(error) from error
        return inbox

    async def _arrive(self, message: Any) -> None:
        status = (message.headers or {}).get("Status")
        if status is None:
            self._arrived.append(message)
        else:
            self._ended[message.subject] = status
        self._some.set()

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Send acknowledgements, which are not confirmed."""
        client = await self._open()
        try:
            for one in deliveries:
                await client.publish(one.receipt, b"+ACK")
        except self._errors as error:
            raise BrokerError.of(error) from error

    async def check(self) -> bool:
        """Request the state of JetStream."""
        client = await self._open()
        try:
            await client.jetstream().account_info()
        except self._errors as error:
            raise BrokerError.of(error) from error
        return True

    async def _open(self) -> Any:
        async with self._connecting:
            if self._client is None:
                client = self._client_type()
                try:
                    # The client would try for ever.
                    async with asyncio.timeout(_CONNECT):
                        await client.connect(self._url, **self._options())
                    self._inbox = client.new_inbox()
                    await client.subscribe(f"{self._inbox}.*", cb=self._arrive)
                except self._errors as error:
                    await client.close()
                    raise BrokerError.of(error) from error
                self._client = client
        if not self._client.is_connected:
            # The client connects again by itself; it would keep what is sent meanwhile without an error.
            raise BrokerError("NATS: the connection is lost")
        return self._client

    def _options(self) -> dict[str, Any]:
        async def note(_: Exception) -> None:
            """Let the default not log each try."""

        async def forget() -> None:
            # The server may have lost its streams.
            self._prepared.clear()
            self._asked.clear()

        return {
            "allow_reconnect": True,
            "max_reconnect_attempts": -1,
            "reconnect_time_wait": 0.2,
            "connect_timeout": _CONNECT,
            "ping_interval": 5,
            "max_outstanding_pings": 2,
            "error_cb": note,
            "reconnected_cb": forget,
        }

    async def _prepare(self, client: Any, queues: Sequence[str]) -> None:
        """Create the stream and the consumers that do not exist; those that exist may have other options."""
        for queue in queues:
            if queue in self._prepared:
                continue
            try:
                await self._create(client.jetstream(), queue)
            except self._errors as error:
                raise BrokerError.of(error) from error
            self._prepared.add(queue)

    async def _create(self, stream: Any, queue: str) -> None:
        from nats.js.api import AckPolicy, ConsumerConfig, RetentionPolicy, StreamConfig

        try:
            await stream.stream_info(self._stream)
        except self._not_found:
            subjects = [f"{self._stream}.*"]
            await stream.add_stream(
                StreamConfig(name=self._stream, subjects=subjects, retention=RetentionPolicy.WORK_QUEUE)
            )
        try:
            await stream.consumer_info(self._stream, plain_name(queue))
        except self._not_found:
            config = ConsumerConfig(
                durable_name=plain_name(queue),
                filter_subject=self._subject(queue),
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=_ACK_WAIT,
                max_ack_pending=_MOST,
            )
            await stream.add_consumer(self._stream, config)

    def _subject(self, queue: str) -> str:
        return f"{self._stream}.{plain_name(queue)}"

    async def close(self) -> None:
        """Close the connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()
