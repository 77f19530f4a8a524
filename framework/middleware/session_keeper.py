"""What sessions in cookies and sessions in stores have in common."""

import logging
import secrets
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from aiohttp import hdrs, web
from msgspec import Raw

from framework.layers import headers_of
from framework.middleware.session import Found, Keeper, Record, Session, State
from framework.middleware.session_cookies import cookie_name, cookie_values
from framework.middleware.session_values import Values

__all__ = ("BaseKeeper", "accept", "identity_of", "state_of")

T = TypeVar("T")

_LOGGER = logging.getLogger("framework.middleware")
_RANDOM_BYTES = 32


class BaseKeeper(Keeper, Generic[T]):
    """What both ways have in common."""

    def __init__(self, values: Values[T], *, cookie: str, idle: float, absolute: float) -> None:
        self.values = values
        self._cookie = cookie
        self._idle = idle
        self._absolute = absolute
        self._label = f"Sessions({values.kind.__name__})"

    def make_id(self) -> str:
        """Return an id of 256 random bits."""
        return secrets.token_urlsafe(_RANDOM_BYTES)

    def fresh(self) -> T:
        """Return the value of a new session."""
        return self.values.fresh()

    def is_changed(self, session: Session[Any]) -> bool:
        """Return whether a session has another value than the stored one, or than a new one."""
        found = state_of(session).found
        if found is None:
            return self.values.encode(session.value) != self.values.empty
        return self.values.is_changed(session.value, found.record.value)

    def is_pending(self, session: Session[Any], now: float) -> bool:
        """Return whether something must be written, or the cookie be sent."""
        state = state_of(session)
        if state.gone:
            return False
        found = state.found
        due = found is not None and not 0 <= now - found.record.used < self._idle / 10
        return bool(state.dropped) or due or (found is not None and bool(state.new_id)) or self.is_changed(session)

    def lasting(self, now: float, record: Record) -> float:
        """Return how many seconds a session lasts if it is not used again."""
        return min(self._idle, record.created + self._absolute - now)

    def _candidates(self, request: web.Request) -> Iterator[str]:
        # PERF: the name of the cookie is a fifth of the time of a session without one.
        if hdrs.COOKIE not in headers_of(request):
            return iter(())
        return cookie_values(request, cookie_name(self._cookie, request))

    def _is_valid(self, record: Record, now: float) -> bool:
        return now < record.created + self._absolute and now < record.used + self._idle

    def _session(self, found: Found | None) -> Session[T]:
        """Return the session of a request; a value that is not of the type any more is that of a new session."""
        if found is not None:
            try:
                value = self.values.decode(found.record.value)
                return Session(value, State(self, found))
            except ValueError as error:
                text = "%s: a stored value is not a %s any more, a new session begins: %s"
                _LOGGER.warning(text, self._label, self.values.kind.__name__, error)
        state = State(self)
        state.dropped = [] if found is None else [found]
        return Session(self.values.fresh(), state)

    def _record(self, session: Session[Any], now: float, id_: str = "", owner: str | None = None) -> Record:
        """Return the record of a session that begins, or is renewed."""
        return Record(id_, now, now, 0, owner, Raw(self.values.encode(session.value)))


def state_of(session: Session[T]) -> State:
    """Return the state of a session that a keeper has opened."""
    state = session._state  # noqa: SLF001  of the same package
    if state is None:
        raise TypeError("the session was made by a test, not by Sessions")
    return state


def identity_of(session: Session[Any]) -> str | None:
    """Return the id of a session as the response leaves it; ``None`` if there is none, and nothing to be stored."""
    state = state_of(session)
    if state.found is not None:
        return state.new_id or state.found.id
    if not state.new_id and not state.closed and not state.gone and state.keeper.is_changed(session):
        state.new_id = state.keeper.make_id()
    return state.new_id or None


def accept(session: Session[T], value: T, found: Found) -> None:
    """Let a session have the value that is stored already, also when the head of the response is sent."""
    session._value = value  # noqa: SLF001  of the same package
    state_of(session).found = found
