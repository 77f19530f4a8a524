"""The prefix that a trusted proxy took off the path of a request."""

from contextvars import ContextVar

from aiohttp import web

__all__ = ("current_prefix", "prefix_of", "set_prefix")

_KEPT = "framework_prefix"
_current: ContextVar[str] = ContextVar(_KEPT, default="")


def set_prefix(request: web.BaseRequest, prefix: str) -> None:
    """Remember the prefix of a request; to be called in its task."""
    vars(request)[_KEPT] = prefix
    _current.set(prefix)


def prefix_of(request: web.BaseRequest) -> str:
    """Return the prefix of a request, nothing if no proxy reported one: ``/api``."""
    prefix: str = getattr(request, _KEPT, "")
    return prefix


def current_prefix() -> str:
    """Return the prefix of the request that is served, nothing outside of one."""
    return _current.get()
