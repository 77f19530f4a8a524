"""Sessions in their cookies, encrypted."""

from collections.abc import Callable
from typing import Any, TypeVar

from aiohttp import web
from msgspec import Raw
from msgspec.structs import replace

from framework import clock
from framework.middleware.session import Found, Record, Session
from framework.middleware.session_cookies import PREFIX
from framework.middleware.session_keeper import BaseKeeper, state_of
from framework.middleware.session_values import Values
from framework.security import Sealer

__all__ = ("SealedKeeper", "SessionTooLargeError")

T = TypeVar("T")

_LONGEST = 4_096
"""RFC 6265bis, section 5.6: the bytes of name and value that browsers keep."""


class SessionTooLargeError(ValueError):
    """A session does not fit into a cookie."""


class SealedKeeper(BaseKeeper[T]):
    """Keeps sessions in their cookies, encrypted; nothing waits."""

    def __init__(self, values: Values[T], sealer: Sealer, *, cookie: str, idle: float, absolute: float) -> None:
        super().__init__(values, cookie=cookie, idle=idle, absolute=absolute)
        self._sealer = sealer

    def open(self, request: web.Request) -> Session[T]:
        """Return the session of a request."""
        now = clock.time()
        for text in self._candidates(request):
            record = self._sealer.open(text, Record)
            if record is not None and self._is_valid(record, now):
                return self._session(Found(record.id, record))
        return self._session(None)

    def settle(self, session: Session[Any], now: float) -> str | None:
        """Return the new cookie, empty to delete it; ``None`` to leave it. Raises SessionTooLargeError."""
        state = state_of(session)
        found, changed = state.found, self.is_changed(session)
        if found is None and not changed:
            return "" if state.dropped else None
        if found is None or state.new_id:
            state.new_id = state.new_id or self.make_id()
            return self._seal(self._record(session, now, state.new_id))
        value = Raw(self.values.encode(session.value)) if changed else found.record.value
        return self._seal(replace(found.record, used=now, revision=found.record.revision + changed, value=value))

    def _seal(self, record: Record) -> str:
        text = self._sealer.seal(record)
        size = len(text) + len(PREFIX + self._cookie)
        if size > _LONGEST:
            raise SessionTooLargeError(
                f"{self._label}: the session takes {size} bytes, and browsers drop cookies of more than {_LONGEST}; "
                "keep less in it, or give store= instead of secret="
            )
        return text

    async def update(self, session: Session[Any], change: Callable[[Any], Any]) -> None:
        """Change the value; it is sent with the response."""
        session.value = change(session.value)

    async def end_others(self, session: Session[Any]) -> int:
        """Raise RuntimeError: a copied cookie cannot be found."""
        del session
        raise RuntimeError(f"{self._label}: end_others() requires store= and owner=")
