"""The web socket that a handler gets."""

import sys
from collections.abc import Coroutine
from typing import Any, Generic, Self

from aiohttp import web

from framework._serve.sockets.connection import Connection
from framework._serve.sockets.outgoing import SocketClosedError

if sys.version_info >= (3, 13):
    from typing import TypeVar
else:
    from typing_extensions import TypeVar

__all__ = ("WebSocket",)

_In = TypeVar("_In")
_Out = TypeVar("_Out", default=_In)


class WebSocket(Generic[_In, _Out]):
    """An open web socket: ``WebSocket[Incoming, Outgoing]``, or ``WebSocket[Message]`` for both directions.

    ``async for message in socket`` yields decoded messages until the connection ends. The socket is accepted when it
    is first used; until then the handler may reject it by raising an HTTPError.
    """

    __module__ = "framework.websockets"

    __slots__ = ("_connection",)

    def __class_getitem__(cls, messages: Any) -> Any:
        # Before Python 3.13, the default of a type variable is not filled in.
        both = messages if isinstance(messages, tuple) else (messages, messages)
        return super().__class_getitem__(both)  # type: ignore[misc]  # of Generic

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def request(self) -> web.Request:
        """The request of the handshake."""
        return self._connection.request

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that was agreed on; also ``None`` before the socket is accepted."""
        response = self._connection.response
        return None if response is None else response.ws_protocol

    @property
    def close_code(self) -> int | None:
        """The code with which the connection ended (RFC 6455, section 7.4); 1006 if it was lost."""
        response = self._connection.response
        return None if response is None else response.close_code

    async def accept(self) -> None:
        """Accept the socket before it is used, for a handler that sends nothing at first.

        Raises ConnectionResetError if the client has disconnected.
        """
        await self._connection.accept()

    def __aiter__(self) -> Self:
        return self

    def __anext__(self) -> Coroutine[Any, Any, _In]:
        return self._connection.__anext__()

    async def receive(self) -> _In:
        """Return the next message; raises ConnectionResetError when the connection has ended."""
        try:
            message: _In = await self._connection.__anext__()
        except StopAsyncIteration:
            raise SocketClosedError("The socket is closed") from None
        return message

    def send(self, message: _Out) -> Coroutine[Any, Any, None]:
        """Send a message, and wait while the client is slow; several tasks may send at once.

        Raises ConnectionResetError if the connection has ended, or the client reads nothing for
        ``Limits.write_timeout`` seconds.
        """
        return self._connection.send(message)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the socket; ``code`` is 1000 to 1014 or 3000 to 4999, ``reason`` is cut at 123 bytes.

        Raises ValueError for a code that may not be sent.
        """
        if code not in _CODES:
            raise ValueError(f"{code} is not a code to close a web socket with")
        await self._connection.shut(code, reason)


# RFC 6455, section 7.4.2, and IANA's registry; 1004 to 1006 are never sent.
_CODES = frozenset({*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)})
