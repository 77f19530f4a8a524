"""Messages that the next page of a visitor shows once, kept in the session: ``flash(session, "Saved.")``."""

from typing import Any, Protocol, TypeVar

from aiohttp import web
from msgspec import Struct

from framework.middleware import Session, opened_sessions

__all__ = ("Flash", "flash", "flashes")


class Flash(Struct, frozen=True):
    """A message for the next page."""

    text: str
    kind: str = "info"
    """What pages make of it, for example a class of CSS: ``info``, ``success``, ``error``."""


class _Flashing(Protocol):
    """The value of a session that keeps messages: a Struct with the field ``flashes: list[Flash] = []``."""

    flashes: list[Flash]


_Value = TypeVar("_Value", bound=_Flashing)
_TAKEN: "web.RequestKey[list[Flash]]" = web.RequestKey("framework.flashes", list)


def flash(where: Session[_Value] | web.Request, text: str, kind: str = "info") -> None:
    """Keep a message for the next page that the visitor sees, also after a redirect.

    The value of the session has the field ``flashes: list[Flash] = []``. Raises RuntimeError if the head of the
    response is sent already, and for a request whose route does not require such a session.
    """
    session: Session[Any] = where if isinstance(where, Session) else _session_of(where)
    # Raises an error when it is too late.
    session.value = session.value
    session.value.flashes.append(Flash(text, kind))


def flashes(request: web.Request) -> list[Flash]:
    """Take the messages from the session of a request; the function ``flashes()`` of templates.

    Another call in the same request returns them again. A response of 500 or above leaves them in the session. Raises
    RuntimeError if the route of the request does not require such a session.
    """
    session = _session_of(request)
    taken: list[Flash] = request.setdefault(_TAKEN, [])
    if session.value.flashes:
        taken += session.value.flashes
        session.value.flashes = []
    return taken


def _session_of(request: web.Request) -> Session[Any]:
    """Return the session with messages that a request has opened."""
    for one in opened_sessions(request):
        if hasattr(one.value, "flashes"):
            return one
    raise RuntimeError(
        "this route requires no session whose value has the field flashes: list[Flash] = []; "
        "add a parameter such as session: Session[Visit] to its handler, or to a service that it uses"
    )
