"""Open web sockets and event streams of called handlers, with typed messages and events."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Generic, Self, TypeVar

import msgspec
from aiohttp import ClientResponse, ClientWebSocketResponse, WSMsgType

from framework.formats import JSON
from framework.operations import MessageSummary
from framework.responses import Event, Notice

__all__ = ("ClosedSocket", "EventReader", "TestSocket")

_In = TypeVar("_In")
_Out = TypeVar("_Out")
_T = TypeVar("_T")
_PATIENCE = 5.0
"""Seconds that a test waits for a message or an event."""


class ClosedSocket(AssertionError):
    """A message was expected and the server has closed the web socket."""

    def __init__(self, code: int | None, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(f"the socket is closed: {code} {reason}".rstrip())


class TestSocket(Generic[_In, _Out]):
    """The client's end of a web socket: sends what the handler receives, and receives what it sends."""

    __test__ = False

    def __init__(
        self, socket: ClientWebSocketResponse, incoming: MessageSummary, outgoing: MessageSummary | None
    ) -> None:
        self.raw = socket
        """The socket of aiohttp's client, for frames that are not messages."""
        self._incoming = incoming
        self._outgoing = outgoing

    async def send(self, message: _In) -> None:
        """Send a message."""
        if self._incoming.frames == "typed":
            encoded = self._incoming.format.encoder(self._incoming.annotation)(message)
            is_text = self._incoming.format is JSON
            await (self.raw.send_str(encoded.decode()) if is_text else self.raw.send_bytes(encoded))
        else:
            await (self.raw.send_str(message) if isinstance(message, str) else self.raw.send_bytes(_bytes(message)))

    async def receive(self, timeout: float = _PATIENCE) -> _Out:  # noqa: ASYNC109  as aiohttp's
        """Return the next message, decoded.

        Raises ClosedSocket if the server closes instead, and TimeoutError after ``timeout`` seconds.
        """
        frame = await self.raw.receive(timeout)
        if frame.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
            raise ClosedSocket(self.raw.close_code, str(frame.extra or ""))
        plan = self._outgoing
        if plan is None or plan.frames != "typed":
            value: _Out = frame.data
            return value
        data = frame.data.encode() if isinstance(frame.data, str) else frame.data
        decoded: _Out = plan.format.decoder(plan.annotation)(data)
        return decoded

    async def closed(self, timeout: float = _PATIENCE) -> int | None:  # noqa: ASYNC109  as above
        """Wait until the server closes, and return the close code. Raises AssertionError for a message before."""
        frame = await self.raw.receive(timeout)
        if frame.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
            raise AssertionError(f"expected the end of the socket, received {frame.data!r}")
        return self.raw.close_code

    async def close(self, code: int = 1000) -> None:
        """Close the socket."""
        await self.raw.close(code=code)


def _bytes(message: Any) -> bytes:
    return bytes(memoryview(message))


class EventReader(Generic[_T]):
    """The events of an open event stream; ``async for event in events`` ends when the server ends the stream."""

    def __init__(self, response: ClientResponse, decode: Callable[[bytes], _T]) -> None:
        self.response = response
        self._decode = decode

    async def next(self, timeout: float = _PATIENCE) -> Event[_T]:  # noqa: ASYNC109  as above
        """Return the next event with data; comments are skipped.

        Raises TimeoutError after ``timeout`` seconds, and AssertionError if the stream ends.
        """
        async with asyncio.timeout(timeout):
            event = await self._read()
        if event is None:
            raise AssertionError("the stream has ended")
        return event

    def __aiter__(self) -> AsyncIterator[Event[_T]]:
        return self._all()

    async def _all(self) -> AsyncIterator[Event[_T]]:
        while (event := await self._read()) is not None:
            yield event

    async def _read(self) -> Event[_T] | None:
        """Read the fields of one event (WHATWG HTML, section 9.2.6); ``None`` at the end."""
        fields: dict[str, list[str]] = {}
        while line := await self.response.content.readline():
            text = line.decode().rstrip("\r\n")
            name, _, value = text.partition(":")
            if text:
                fields.setdefault(name, []).append(value.removeprefix(" "))
            elif "data" in fields:
                return self._event(fields)
            else:
                fields = {}
        return None

    def _event(self, fields: dict[str, list[str]]) -> Event[_T]:
        last = {name: values[-1] for name, values in fields.items()}
        more: Any = {"id": last.get("id"), "event": last.get("event")}
        if "retry" in last:
            more["retry"] = int(last["retry"])
        data = "\n".join(fields["data"])
        try:
            return Event(self._decode(data.encode()), **more)
        except msgspec.ValidationError:
            if more["event"] not in Notice.names:
                raise
            # Losses that channels report are not of the type of the events.
            return Notice(data.encode(), **more)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.response.close()
