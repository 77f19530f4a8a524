"""Copies of a response that a handler returns for many requests."""

import copy
from collections.abc import Mapping
from http.cookies import SimpleCookie
from typing import Any, TypeVar

from aiohttp import web

from framework._serve.aiohttp_names import SUPPORTED

__all__ = ("FirstState",)

_R = TypeVar("_R", bound=web.Response)
# The attributes that sending sets on a response.
_SENDING = (
    "_answered", "_body_length", "_compressed_body", "_eof_sent", "_must_be_empty_body",
    "_payload_writer", "_req",
)  # fmt: skip


class FirstState:
    """The state of a response when a handler returned it first."""

    __slots__ = ("attributes", "body", "cookies", "headers", "keep_alive", "reason", "status")

    def __init__(self, response: web.Response) -> None:
        self.body = vars(response).get("_made_body")
        self.status = response.status
        self.reason = response.reason
        self.keep_alive = response.keep_alive
        self.headers = response.headers.copy()
        # PERF: most responses have no cookie, and deepcopy() of None takes a third of a microsecond.
        cookies = response._cookies  # noqa: SLF001  of the same house
        self.cookies = None if cookies is None else copy.deepcopy(cookies)
        self.attributes = {} if SUPPORTED else _with_copied_cookies(vars(response))
        """All attributes of the response before it was sent, if those that sending sets are not known."""

    def renew(self, response: _R) -> _R:
        """Return an unsent response with this state."""
        made = object.__new__(type(response))
        if not SUPPORTED:
            return self._renew_with_public_names(made)
        vars(made).update(vars(response))
        for name in _SENDING:
            vars(made).pop(name, None)
        state: dict[str, Any] = {
            "_status": self.status,
            "_reason": self.reason,
            "_keep_alive": self.keep_alive,
            "_made_body": self.body,
            "_headers": self.headers.copy(),
            "_cookies": copy.deepcopy(self.cookies),
            "_state": {},
        }
        vars(made).update(state)
        return made

    def _renew_with_public_names(self, made: _R) -> _R:
        vars(made).update(_with_copied_cookies(self.attributes), _given=self)
        web.StreamResponse.__init__(made, status=self.status, reason=self.reason, headers=self.headers.copy())
        return made


def _with_copied_cookies(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: copy.deepcopy(one) if isinstance(one, SimpleCookie) else one for name, one in attributes.items()}
