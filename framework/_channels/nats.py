"""The engine on NATS: no history, and a reset after each lost connection."""

import asyncio
import logging
from typing import Any

from framework._channels.engine import Place, Sink
from framework._channels.memory import EPOCH_IDS
from framework._channels.numbered import Numbered
from framework._channels.presence.nats import NATSPresence
from framework._topics import ChannelError, ChannelSettings, url_of_channels
from framework.errors import InvalidOptionError

__all__ = ("NATSEngine",)

_LOGGER = logging.getLogger("framework.channels")
_PING = 5
"""Seconds between two checks of the connection."""


class NATSEngine:
    """One connection; the client of NATS connects again and subscribes again by itself."""

    ids = EPOCH_IDS
    keeps_alone = False

    def __init__(self, settings: ChannelSettings) -> None:
        try:
            import nats
            from nats import errors
        except ImportError as error:
            hint = "install it: pip install 'framework-aiohttp[nats]'"
            raise InvalidOptionError(
                "ChannelSettings", f"nats:// requires the package nats-py ({error})", hint=hint
            ) from error
        self._library: Any = nats
        self._errors = (errors.Error, OSError, TimeoutError)
        self._url = url_of_channels(settings)
        self._prefix = f"{settings.prefix}."
        self._timeout = settings.timeout
        self._numbered = Numbered()
        self._client: Any = None
        self._connecting = asyncio.Lock()
        self._connected = asyncio.Event()
        self._subscriptions: dict[str, Any] = {}
        self._reported: set[str] = set()
        """The addresses whose loss has been reported since the connection was lost."""
        self._sink: Sink | None = None
        self.presence = NATSPresence(self._ready, settings.prefix, settings.presence_lifetime, settings.timeout)

    def start(self, sink: Sink) -> None:
        """Keep the sink."""
        self._sink = sink

    async def publish(self, place: Place, data: bytes) -> None:
        """Send an event; waits while the client connects again."""
        client = await self._ready()
        try:
            await client.publish(self._subject(place), self._numbered.write(place, data))
        except self._errors as error:
            raise ChannelError(f"NATS: {error!r}") from error

    async def listen(self, place: Place) -> None:
        """Subscribe, and wait until the server confirms it."""
        client = await self._open()

        async def receive(message: Any) -> None:
            if self._sink is not None:
                self._before_return(place.address, self._sink)
                self._numbered.read(place.address, message.data, self._sink)

        if self._sink is not None:
            self._sink.load(place.address, None, ())
        try:
            self._subscriptions[place.address] = await client.subscribe(self._subject(place), cb=receive)
            await client.flush(timeout=self._timeout)
        except self._errors as error:
            raise ChannelError(f"NATS: {error!r}") from error

    def _before_return(self, address: str, sink: Sink) -> None:
        """Report a loss before the first event that arrives while the client connects again.

        The subscription exists before :meth:`_returned` is called, and the events before it are missing.
        """
        if not self._connected.is_set() and address not in self._reported:
            self._reported.add(address)
            sink.lose(address)

    async def leave(self, place: Place) -> None:
        """Unsubscribe."""
        subscription = self._subscriptions.pop(place.address, None)
        self._numbered.forget(place.address)
        if subscription is not None:
            try:
                await subscription.unsubscribe()
            except self._errors as error:
                raise ChannelError(f"NATS: {error!r}") from error

    def _subject(self, place: Place) -> str:
        topic, _, room = place.address.partition("/")
        # A dot would part the subject, and a subject has no "*" and ">": quote() has left none of the last two.
        return f"{self._prefix}{topic}" + (f".{room.replace('.', '%2E')}" if room else "")

    async def _open(self) -> Any:
        async with self._connecting:
            if self._client is None:
                try:
                    self._client = await self._library.connect(
                        self._url,
                        connect_timeout=self._timeout,
                        allow_reconnect=True,
                        max_reconnect_attempts=-1,
                        reconnect_time_wait=0.2,
                        ping_interval=_PING,
                        max_outstanding_pings=2,
                        error_cb=self._note,
                        disconnected_cb=self._lost,
                        reconnected_cb=self._returned,
                    )
                except self._errors as error:
                    raise ChannelError(f"NATS: {error!r}") from error
                self._connected.set()
        return self._client

    async def _ready(self) -> Any:
        """Return the client when it is connected: it would keep what is sent, for a server that may never return."""
        client = await self._open()
        await self._connected.wait()
        return client

    async def _note(self, error: Exception) -> None:
        _LOGGER.debug("NATS: %r", error)

    async def _lost(self) -> None:
        if self._connected.is_set():
            self._connected.clear()
            self._reported.clear()
            _LOGGER.warning("The channels have lost NATS and connect again")

    async def _returned(self) -> None:
        try:
            # The subscriptions are confirmed: what is published from now on arrives.
            await self._client.flush(timeout=self._timeout)
        except self._errors as error:
            _LOGGER.debug("NATS: %r", error)
        self._connected.set()
        if self._sink is not None:
            self._sink.lose()

    async def close(self) -> None:
        """Close the connection."""
        client, self._client = self._client, None
        if client is not None:
            self._connected.clear()
            await client.close()
