"""Requests with a plan of what goes wrong in them, services that follow it, and what must come of it."""

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias

from aiohttp import web

from framework import HTTPError
from framework.http_errors import Conflict, Gone

__all__ = (
    "CASES",
    "Case",
    "Closing",
    "Ending",
    "Kind",
    "Opening",
    "make_factory",
    "settle",
    "settle_or_wait",
    "verdict",
)


class Kind(Enum):
    """Every kind of factory that there is."""

    CLASS = "class"
    FUNCTION = "function"
    ASYNC_FUNCTION = "async function"
    GENERATOR = "generator"
    ASYNC_GENERATOR = "async generator"
    CONTEXT = "context manager"
    ASYNC_CONTEXT = "async context manager"
    CONTEXT_FUNCTION = "contextlib.contextmanager"
    ASYNC_CONTEXT_FUNCTION = "contextlib.asynccontextmanager"


class Opening(Enum):
    """What happens before a service is there."""

    FINE = "fine"
    PLAIN = "an error"
    HTTP = "an HTTPError"
    CANCEL = "a cancellation, where it can be awaited"


class Closing(Enum):
    """What happens when a service is closed."""

    FINE = "fine"
    SWALLOW = "the error is swallowed"
    PLAIN = "an error of its own"
    CAUSED = "an error from the one that it saw"
    HTTP = "an HTTPError of its own"
    TWICE = "a second yield, of generators"
    CANCEL = "a cancellation, where it can be awaited"


class Ending(Enum):
    """What becomes of the handler."""

    FINE = "fine"
    PLAIN = "an error"
    HTTP = "an HTTPError"
    AIOHTTP = "an exception of aiohttp's"
    UNENCODABLE = "a value that cannot be encoded"
    CANCEL = "a cancellation"
    DISCONNECT = "a client that hangs up"


_WITHOUT_CLEANUP = frozenset({Kind.CLASS, Kind.FUNCTION, Kind.ASYNC_FUNCTION})
_ASYNC = frozenset({Kind.ASYNC_FUNCTION, Kind.ASYNC_GENERATOR, Kind.ASYNC_CONTEXT, Kind.ASYNC_CONTEXT_FUNCTION})
_GENERATORS = frozenset({Kind.GENERATOR, Kind.ASYNC_GENERATOR, Kind.CONTEXT_FUNCTION, Kind.ASYNC_CONTEXT_FUNCTION})
Seen: TypeAlias = "BaseException | type[BaseException] | None"


@dataclass(eq=False)
class Case:
    """One request: what shall go wrong in it, and what was recorded of it."""

    openings: Sequence[Opening]
    closings: Sequence[Closing]
    ending: Ending
    opened: list[int] = field(default_factory=list)
    closed: list[tuple[int, BaseException | None]] = field(default_factory=list)
    first: Seen = None
    """What went wrong before anything was closed; a class where the exception is not ours."""
    raised: dict[int, Seen] = field(default_factory=dict)
    """What the services raised when they were closed."""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    finished: asyncio.Event = field(default_factory=asyncio.Event)


CASES: dict[str, Case] = {}


def _fail(case: Case, error: BaseException) -> None:
    case.first = error
    raise error


def _open(case: Case, index: int) -> None:
    if case.openings[index] is Opening.PLAIN:
        _fail(case, LookupError(f"opening {index}"))
    if case.openings[index] is Opening.HTTP:
        _fail(case, Conflict(f"opening {index}"))


def _close(case: Case, index: int, kind: Kind, seen: BaseException | None) -> bool:
    """Record what a cleanup saw, fail as planned, or tell whether the error shall be swallowed."""
    case.closed.append((index, seen))
    closing = case.closings[index]
    error: BaseException | None = None
    if closing is Closing.HTTP:
        error = Gone(f"closing {index}")
    elif closing in {Closing.PLAIN, Closing.CAUSED}:
        error = OSError(f"closing {index}")
    elif closing is Closing.TWICE and kind in _GENERATORS:
        case.raised[index] = RuntimeError
        return True
    elif closing is Closing.CANCEL and kind in _ASYNC:
        case.raised[index] = asyncio.CancelledError
    if error is not None:
        case.raised[index] = error
        if closing is Closing.CAUSED:
            raise error from seen
        raise error
    return closing is Closing.SWALLOW


async def _pause(*, cancel: bool) -> None:
    task = asyncio.current_task()
    if cancel and task is not None:
        task.cancel()
    await asyncio.sleep(0)


def make_factory(kind: Kind, index: int, key: type[Any], needs: dict[str, type[Any]]) -> Callable[..., Any]:
    """Make a factory of one kind for a service, with parameters for the request and for what it needs."""
    target: Any = _MAKERS[kind](kind, index, key)
    parameters = {"request": web.Request, **needs}
    positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
    target.__signature__ = inspect.Signature([inspect.Parameter(name, positional) for name in parameters])
    annotated = vars(target).get("__init__", target)
    annotated.__annotations__ = parameters
    made: Callable[..., Any] = target
    return made


def _started(key: type[Any], index: int, request: web.Request, needed: dict[str, Any]) -> tuple[Case, Any]:
    case = CASES[request.headers["X-Case"]]
    _open(case, index)
    service = object.__new__(key)
    # What was made for another request would have another case.
    assert all(one.case is case for one in needed.values())
    service.case = case
    case.opened.append(index)
    return case, service


async def _awaited(key: type[Any], index: int, request: web.Request, needed: dict[str, Any]) -> tuple[Case, Any]:
    case = CASES[request.headers["X-Case"]]
    if case.openings[index] is Opening.CANCEL:
        case.first = asyncio.CancelledError
        await _pause(cancel=True)
    await _pause(cancel=False)
    return _started(key, index, request, needed)


def _class(_: Kind, index: int, key: type[Any]) -> Any:
    def construct(self: Any, request: web.Request, **needed: Any) -> None:
        self.__dict__.update(_started(key, index, request, needed)[1].__dict__)

    return type(key.__name__, (key,), {"__init__": construct})


def _function(_: Kind, index: int, key: type[Any]) -> Any:
    def function(request: web.Request, **needed: Any) -> Any:
        return _started(key, index, request, needed)[1]

    return function


def _async_function(_: Kind, index: int, key: type[Any]) -> Any:
    async def function(request: web.Request, **needed: Any) -> Any:
        return (await _awaited(key, index, request, needed))[1]

    return function


def _generator(kind: Kind, index: int, key: type[Any]) -> Any:
    def generator(request: web.Request, **needed: Any) -> Iterator[Any]:
        case, service = _started(key, index, request, needed)
        try:
            yield service
        except BaseException as error:
            if not _close(case, index, kind, error):
                raise
        else:
            _close(case, index, kind, None)
        if case.closings[index] is Closing.TWICE:
            yield service

    return generator


def _async_generator(kind: Kind, index: int, key: type[Any]) -> Any:
    async def generator(request: web.Request, **needed: Any) -> AsyncIterator[Any]:
        case, service = await _awaited(key, index, request, needed)
        cancel = case.closings[index] is Closing.CANCEL
        try:
            yield service
        except BaseException as error:
            swallow = _close(case, index, kind, error)
            await _pause(cancel=cancel)
            if not swallow:
                raise
        else:
            _close(case, index, kind, None)
            await _pause(cancel=cancel)
        if case.closings[index] is Closing.TWICE:
            yield service

    return generator


def _context(kind: Kind, index: int, key: type[Any]) -> Any:
    class Context(key):  # type: ignore[misc]  # a base of run time
        def __init__(self, request: web.Request, **needed: Any) -> None:
            self.given = request, needed

        def __enter__(self) -> Any:
            self.case, service = _started(key, index, *self.given)
            return service

        def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
            return _close(self.case, index, kind, error)

    return Context


def _async_context(kind: Kind, index: int, key: type[Any]) -> Any:
    class Context(key):  # type: ignore[misc]  # a base of run time
        def __init__(self, request: web.Request, **needed: Any) -> None:
            self.given = request, needed

        async def __aenter__(self) -> Any:
            self.case, service = await _awaited(key, index, *self.given)
            return service

        async def __aexit__(self, _: object, error: BaseException | None, __: object) -> bool:
            swallow = _close(self.case, index, kind, error)
            await _pause(cancel=self.case.closings[index] is Closing.CANCEL)
            return swallow

    return Context


_MAKERS: dict[Kind, Callable[[Kind, int, type[Any]], Any]] = {
    Kind.CLASS: _class,
    Kind.FUNCTION: _function,
    Kind.ASYNC_FUNCTION: _async_function,
    Kind.GENERATOR: _generator,
    Kind.ASYNC_GENERATOR: _async_generator,
    Kind.CONTEXT: _context,
    Kind.ASYNC_CONTEXT: _async_context,
    Kind.CONTEXT_FUNCTION: lambda *given: contextlib.contextmanager(_generator(*given)),
    Kind.ASYNC_CONTEXT_FUNCTION: lambda *given: contextlib.asynccontextmanager(_async_generator(*given)),
}


def settle(case: Case) -> list[Any]:
    """End a handler as planned, except by a cancellation."""
    if case.ending is Ending.PLAIN:
        _fail(case, LookupError("handler"))
    if case.ending is Ending.HTTP:
        _fail(case, Conflict("handler"))
    if case.ending is Ending.AIOHTTP:
        _fail(case, web.HTTPForbidden())
    if case.ending is Ending.UNENCODABLE:
        case.first = TypeError
        return [object()]
    return []


async def settle_or_wait(case: Case) -> list[Any]:
    """End a handler as planned: a cancelled one cancels itself, or waits for its client to hang up."""
    if case.ending in {Ending.CANCEL, Ending.DISCONNECT}:
        case.first = asyncio.CancelledError
        case.arrived.set()
        if case.ending is Ending.CANCEL:
            await _pause(cancel=True)
        await asyncio.sleep(10)
    return settle(case)


def verdict(case: Case, kinds: Sequence[Kind]) -> int | None:
    """Check what was recorded of a request; return the status that it must have, ``None`` for no answer at all."""
    to_close = [index for index in case.opened if kinds[index] not in _WITHOUT_CLEANUP]
    assert [index for index, _ in case.closed] == to_close[::-1]
    error = case.first
    for index, seen in case.closed:
        assert seen is error or (isinstance(error, type) and isinstance(seen, error))
        raised = case.raised.get(index)
        caused = case.closings[index] is Closing.CAUSED and error is not None
        if raised is None or error is asyncio.CancelledError:
            continue
        if error is None or raised is asyncio.CancelledError or isinstance(raised, HTTPError) or caused:
            error = raised
    if error is asyncio.CancelledError:
        return None
    if error is None:
        return 200
    return error.status if isinstance(error, HTTPError | web.HTTPException) else 500
