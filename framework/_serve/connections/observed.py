"""The lean protocol of an application with observers.

The private names are read only where :mod:`framework._serve.aiohttp_names` knows them.
"""

from typing import Any

from aiohttp import web

from framework._serve.connections.protocol import LeanProtocol
from framework._serve.connections.receiving import IDLE
from framework._serve.connections.request import LeanRequest
from framework._serve.observing.calls import Begun, Observing
from framework._serve.observing.emitted import emit_end
from framework._serve.observing.sent import note_begun, what_was_sent

# ruff: noqa: SLF001  see above

__all__ = ("ObservedRequest", "observed_protocol")

_OWN = frozenset({"_begun", "_raised", "_slow", "_states"})


class ObservedRequest(LeanRequest):
    """A request that is observed."""

    ATTRS = LeanRequest.ATTRS | _OWN

    _begun: float | None = None
    """The time when it began, until its response is sent at once."""
    _slow: float | None = None
    """The time when it began, if its response takes longer."""
    _raised: Exception | None = None
    """The exception of a native route."""
    _states: list[Any]

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        note_begun(self, response)
        await super()._prepare_hook(response)


def observed_protocol(observing: Observing) -> type[LeanProtocol]:
    """Return the protocol of connections whose requests are observed."""
    nothing: list[Any] = [None] * len(observing.called)

    def end(request: Any, response: Any, error: BaseException | None, *, reset: bool) -> None:
        at = request._begun or request._slow
        if at is None:
            # Not a request that could be parsed, or already ended.
            return
        request._begun = request._slow = None
        states = vars(request).get("_states", nothing)
        observing.end(
            Begun(request, at, states), what_was_sent(request, response, error or request._raised, reset=reset)
        )

    def end_long(request: Any, response: Any, reset: bool) -> None:
        end(request, response, None, reset=reset)

    class ObservedProtocol(LeanProtocol):
        """A connection whose requests are observed."""

        __slots__ = ()
        _go_on = emit_end(observing, end_long, LeanProtocol._go_on, IDLE)

        async def _take_long(self, request: Any, begun: float | None, handler: Any) -> tuple[Any, bool]:
            request._slow, request._begun = request._begun, None
            response, reset = await LeanProtocol._take_long(self, request, begun, handler)
            if not request._payload.is_eof():
                # The rest of the body is read and dropped, maybe for seconds, after the response.
                end(request, response, None, reset=reset)
            return response, reset

        def _give_up(self, request: web.BaseRequest, response: Any, error: BaseException) -> None:
            end(request, response, error, reset=True)
            super()._give_up(request, response, error)

    return ObservedProtocol
