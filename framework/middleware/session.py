"""The session of a request, as handlers, guards and services receive it."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from aiohttp import web
from msgspec import Raw, Struct

__all__ = ("Found", "Keeper", "Record", "Session", "State", "keep_opened", "opened_sessions")

T = TypeVar("T")
_TOO_LATE = "the session is changed when the head of the response is sent already: change it before, or use update()"


class Record(Struct, frozen=True, array_like=True):
    """What is stored of a session."""

    id: str
    """Empty in a store, whose key is the digest of the id."""
    created: float
    """Seconds since the epoch, as all times."""
    used: float
    revision: int
    """Raised by each change, and not by a request that only prolongs the session."""
    owner: str | None
    value: Raw


class Found(Struct, frozen=True):
    """A session that a request has sent, and that is valid."""

    id: str
    record: Record
    stored: bytes = b""
    """The record as it is stored."""


class Keeper(ABC):
    """What the methods of a session require of the place where sessions are kept."""

    @abstractmethod
    def make_id(self) -> str:
        """Return an id that cannot be guessed."""

    @abstractmethod
    def fresh(self) -> Any:
        """Return the value of a new session."""

    @abstractmethod
    def is_changed(self, session: "Session[Any]") -> bool:
        """Return whether a session has changes that are not stored."""

    @abstractmethod
    async def update(self, session: "Session[Any]", change: Callable[[Any], Any]) -> None:
        """Change the stored value."""

    @abstractmethod
    async def end_others(self, session: "Session[Any]") -> int:
        """End all other sessions of the owner; return how many."""


class State:
    """What is known of a session while its request is served."""

    __slots__ = ("closed", "dropped", "found", "gone", "keeper", "new_id", "read_only")

    def __init__(self, keeper: Keeper, found: Found | None = None) -> None:
        self.keeper = keeper
        self.found = found
        self.dropped: list[Found] = []
        """The sessions that the response ends."""
        self.new_id = ""
        """The id that the session gets if it is new, or renewed."""
        self.gone = False
        """Whether another request has ended it meanwhile."""
        self.closed = False
        """Whether the head of the response is decided."""
        self.read_only = False
        """Whether no response can set a cookie: on a web socket."""


class Session(Generic[T]):
    """The session of a request: ``session: Session[Cart]`` in a handler, a guard or a provider.

    Change ``value``, in place or as a whole; it is written before the response is sent if it has changed, unless the
    response is a 5xx. ``Session(Cart())`` makes one without a store, for tests of a handler.
    """

    __module__ = "framework.middleware"
    __slots__ = ("_state", "_value")
    __provider_hint__ = "give Sessions(…) with the type of its value to the app: middlewares=[Sessions(Cart, store=…)]"

    def __init__(self, value: T, state: State | None = None) -> None:
        self._value = value
        self._state = state

    @property
    def value(self) -> T:
        """The value; setting it raises RuntimeError if the head of the response is sent already."""
        return self._value

    @value.setter
    def value(self, value: T) -> None:
        self._check_open()
        self._value = value

    @property
    def is_new(self) -> bool:
        """Whether the request came without a valid session."""
        return self._state is None or self._state.found is None

    def renew(self) -> None:
        """Give the session another id, and end the old one: at login, and whenever the user's rights change.

        The value stays, the absolute timeout begins again. Raises RuntimeError if the head of the response is sent.
        """
        self._check_open()
        state = self._state
        if state is not None and state.found is not None:
            # A new session gets a new id in any case.
            state.new_id = state.keeper.make_id()

    def end(self) -> None:
        """End the session, at logout; ``value`` is that of a new session, which is only written if it is changed.

        Raises RuntimeError if the head of the response is sent already.
        """
        self._check_open()
        state = self._state
        if state is None:
            return
        if state.found is not None:
            state.dropped.append(state.found)
        state.found, state.new_id = None, ""
        self._value = state.keeper.fresh()

    async def update(self, change: Callable[[T], T]) -> T:
        """Store ``change(value)`` at once, and return it: no concurrent change of the session is lost.

        ``change`` is called again if another request has written meanwhile. Raises RuntimeError if the session has
        other changes that are not stored, StoreError if the store cannot be reached.
        """
        state = self._state
        if state is None or state.found is None:
            self.value = change(self._value)
            return self._value
        if state.new_id or state.keeper.is_changed(self):
            raise RuntimeError("update() is called on a session that is changed already: call it first")
        await state.keeper.update(self, change)
        return self._value

    async def end_others(self) -> int:
        """End all other sessions of the same owner, after a change of the password; return how many.

        Raises RuntimeError without ``Sessions(owner=…)``, StoreError if the store cannot be reached.
        """
        return 0 if self._state is None else await self._state.keeper.end_others(self)

    def _check_open(self) -> None:
        state = self._state
        if state is not None and (state.closed or state.read_only):
            raise RuntimeError(_TOO_LATE)


_OPENED: "web.RequestKey[tuple[Session[Any], ...]]" = web.RequestKey("framework.sessions", tuple)


def keep_opened(request: web.Request, session: Session[Any]) -> None:
    """Note that a request has opened a session."""
    request[_OPENED] = (*opened_sessions(request), session)


def opened_sessions(request: web.Request) -> tuple[Session[Any], ...]:
    """Return the sessions that a request has opened so far: a route opens those that it requires."""
    found: tuple[Session[Any], ...] = request.get(_OPENED, ())
    return found
