"""A client for tests that compares every response with the document."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from aiohttp import ClientHandlerType, ClientRequest, ClientResponse, web
from aiohttp.test_utils import TestClient

from framework._http.media_types import essence
from framework.app import App
from framework.testing.contract import Answer, Contract

__all__ = ("ContractClient", "check_answers")

ContractClient: TypeAlias = Callable[..., Awaitable[TestClient[web.Request, web.Application]]]
"""``await contract_client(app)``; further arguments are passed to pytest-aiohttp's ``aiohttp_client``."""

_TEXTUAL = ("text/", "application/json", "application/msgpack", "application/x-msgpack", "application/vnd.msgpack")
_ENDLESS = frozenset({"text/event-stream"})


def check_answers(app: App) -> Any:
    """Return a client middleware for aiohttp that compares every response of an app with its document.

    ``aiohttp_client(app.build(), middlewares=[check_answers(app)])``. A difference raises ContractError (an
    AssertionError) at the line of the request. Raises MissingExtraError without jsonschema.
    """
    contract = Contract(app)

    async def check(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        response = await handler(request)
        content_type = response.headers.get("Content-Type", "")
        body = await response.read() if _may_be_read(response, essence(content_type)) else None
        contract.check(Answer(request.method, request.url.raw_path, response.status, content_type, body))
        return response

    return check


def _may_be_read(response: ClientResponse, media_type: str) -> bool:
    """Return whether a body ends and may have a schema. The test can still read a body that was read here."""
    if media_type in _ENDLESS:
        return False
    return response.content_length is not None or media_type.startswith(_TEXTUAL) or media_type.endswith("+json")
