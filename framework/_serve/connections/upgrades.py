"""Requests for an upgrade to another protocol that the server does not support (RFC 9110, sections 7.8 and 9.3.6)."""

from typing import Any

from aiohttp import hdrs
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader

__all__ = ("without_upgrade",)


def without_upgrade(message: Any, payload: StreamReader) -> tuple[Any, StreamReader]:
    """Return a request for an upgrade or a tunnel as the last request of its connection.

    aiohttp's C parser stops after such a request and drops the bytes behind it, so later data may begin in the
    middle of another request, and must not be parsed as a request. A web socket without a body is returned unchanged:
    both parsers keep the bytes behind it, for the web socket or, if it is rejected, to be parsed as requests.
    """
    if message.method == hdrs.METH_CONNECT:
        has_body = hdrs.CONTENT_LENGTH in message.headers or hdrs.TRANSFER_ENCODING in message.headers
        # Without a body, the Python parser treats all further data as its body.
        return message._replace(should_close=True), payload if has_body else EMPTY_PAYLOAD
    upgrade = message.headers.get(hdrs.UPGRADE, "")
    if payload is EMPTY_PAYLOAD and upgrade.isascii() and upgrade.lower() == "websocket":
        return message, payload
    return message._replace(should_close=True), payload
