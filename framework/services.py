"""The services of an application outside HTTP: in a script, a test, a worker or an interactive session."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar, overload

from framework._compile.application import Plans
from framework._inspect.names import type_name
from framework._plan import Provision
from framework._serve.background import finish_background
from framework._serve.services.closing import Finalizer, close
from framework._serve.services.opening import open_services

__all__ = ("Services", "serve_services")

_T = TypeVar("_T")


class Services:
    """The open singletons of an application, and calls with injection; made by ``App.services()``."""

    def __init__(self, plans: Plans, live: dict[str, Any], opened: list[Finalizer]) -> None:
        self._injector = plans.injector
        self._live = live
        self._opened = opened
        self._closed = False

    @overload
    async def call(self, function: Callable[..., Awaitable[_T]], /, *args: Any, **keywords: Any) -> _T: ...
    @overload
    async def call(self, function: Callable[..., _T], /, *args: Any, **keywords: Any) -> _T: ...
    async def call(self, function: Callable[..., Any], /, *args: Any, **keywords: Any) -> Any:
        """Call a function, async or plain (in a worker thread), in a scope of its own, and return its result.

        The given arguments are bound as in any call; all other parameters are injected by their types. The scoped
        services are closed, last in first out, before this returns; they see exceptions of the function. Raises the
        exceptions of the function and of cleanups, TypeError for arguments that do not fit, and DefinitionError (an
        ExceptionGroup of several) for parameters that cannot be injected.
        """
        self._check_open()
        return await self._injector.prepare(function, args, keywords)()

    async def get(self, key: type[_T], *, qualifier: str | None = None) -> _T:
        """Return the service of a type; ``list[T]`` is all of its implementations.

        A scoped service, and the scoped services that it needs, are opened for this call alone and closed when the
        ``async with`` block ends. Raises DefinitionError (an ExceptionGroup of several) if it cannot be provided.
        """
        self._check_open()
        plans, argument = self._injector.service(key, qualifier, f"services.get({type_name(key)})")
        # Without a request, which BackgroundTasks and services that need them would read.
        live, opened = await open_services(plans, {**self._live, "request": None})
        self._opened += opened
        values = [live[one] for one in argument.variables]
        found: Any = values if argument.provision is Provision.SERVICES else values[0]
        return found  # type: ignore[no-any-return]  # what is registered for the type

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("The services are closed: use them inside `async with app.services() as services`")

    async def close(self, error: BaseException | None) -> BaseException | None:
        """Close everything, the last first; each cleanup sees the error. Returns the error to raise, if any."""
        self._closed = True
        return await close(self._opened, error)


@asynccontextmanager
async def serve_services(plans: Plans) -> AsyncIterator[Services]:
    """Open the singletons in their order, and close everything in reverse when the block ends."""
    live, opened = await open_services(plans.singletons)
    opened.append((finish_background, plans.background))
    plans.injector.start(live)
    services = Services(plans, live, opened)
    try:
        yield services
    except BaseException as error:
        raised = await services.close(error)
        if raised is error or raised is None:
            raise
        raise raised from error
    raised = await services.close(None)
    if raised is not None:
        raise raised
