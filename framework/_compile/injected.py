"""Calls of functions outside of requests, with services as the arguments that are not given."""

import functools
import threading
import types
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol, TypeAlias
from weakref import WeakKeyDictionary

from framework._compile.services.graph import ServiceGraph
from framework._compile.services.planner import ServicePlanner
from framework._inspect.names import callable_name, describe, is_running, type_name, value_name
from framework._inspect.signatures import (
    MISSING,
    Parameter,
    bound_parameters,
    is_async,
    is_generator,
    read_signature,
)
from framework._inspect.types import unsupported
from framework._plan import ArgumentPlan, ServicePlan
from framework._serve.services.threads import WorkerThreads
from framework._source import Source
from framework.errors import DefinitionError, InvalidTaskError, MissingProviderError

__all__ = ("EmitCall", "InjectedCall", "Injector")

_Shape: TypeAlias = tuple[int, frozenset[str], int | None]
"""The number of arguments that are given by position, the names of the others, and the index of the request."""
_Emitted: TypeAlias = Callable[[Any, Sequence[Any], Mapping[str, Any]], Awaitable[Any]]


class EmitCall(Protocol):
    """Emits the function that opens services, calls a function with them and closes them."""

    def __call__(
        self,
        services: Sequence[ServicePlan],
        arguments: Sequence[ArgumentPlan],
        *,
        synchronous: bool,
        request: int | None = None,
    ) -> Source:
        """Return the source of ``call(function, args, keywords)``; it uses ``in_thread`` if ``synchronous``.

        ``request`` is the index of the request in ``args``, from their end.
        """
        ...


class _Planned(NamedTuple):
    emitted: _Emitted
    services: Sequence[ServicePlan]


class InjectedCall:
    """A function with its given arguments; ``await call()`` opens the services, calls it and closes them."""

    __slots__ = ("_args", "_emitted", "_function", "_keywords", "services")

    def __init__(self, planned: _Planned, function: Any, args: Sequence[Any], keywords: Mapping[str, Any]) -> None:
        self._emitted = planned.emitted
        self.services = planned.services
        """The scoped and transient services that it opens."""
        self._function = function
        self._args = args
        self._keywords = keywords

    async def __call__(self) -> Any:
        """Call the function; return its result, or raise its exception or that of closing a service."""
        return await self._emitted(self._function, self._args, self._keywords)

    async def again(self, *last: Any) -> Any:
        """Call it with other values for the last arguments."""
        return await self._emitted(self._function, (*self._args[: -len(last)], *last), self._keywords)


class Injector:
    """Creates injected calls. Each function is planned once for each combination of given arguments.

    A call may be planned before the app starts, and then run after it.
    """

    def __init__(
        self,
        graph: ServiceGraph,
        process: ServicePlanner,
        threads: WorkerThreads,
        errors: dict[tuple[str, str], DefinitionError],
        emit: EmitCall,
    ) -> None:
        self._emit_call = emit
        self._threads = threads
        self._graph = graph
        self._process = process
        self._errors = errors
        self._known: WeakKeyDictionary[Any, dict[_Shape, _Planned | Exception]] = WeakKeyDictionary()
        self._namespaces: list[dict[str, Any]] = []
        self._live: Mapping[str, Any] | None = None
        # Sync handlers add tasks from worker threads.
        self._lock = threading.Lock()

    def start(self, live: Mapping[str, Any]) -> None:
        """Pass the open singletons to all planned calls, and to those that will be planned."""
        self._live = live
        for namespace in self._namespaces:
            namespace.update(live)

    def prepare(
        self, function: Any, args: Sequence[Any], keywords: Mapping[str, Any], *, request: int | None = None
    ) -> InjectedCall:
        """Plan a call with some arguments given; one of them may be the request, whose index counts from their end.

        Raises TypeError for arguments that do not match the signature, and a DefinitionError or a group of several.
        """
        plain, args, keywords = _taken_apart(function, args, keywords)
        shape = (len(args), frozenset(keywords), request)
        with self._lock:
            known = self._known.setdefault(plain, {})
            if shape not in known:
                try:
                    known[shape] = self._emit(plain, shape)
                except (DefinitionError, ExceptionGroup, TypeError) as error:
                    known[shape] = error
        planned = known[shape]
        if isinstance(planned, Exception):
            # Without the frames of an earlier caller.
            raise planned.with_traceback(None)
        return InjectedCall(planned, plain, args, keywords)

    def service(self, key: Any, qualifier: str | None, where: str) -> tuple[list[ServicePlan], ArgumentPlan]:
        """Plan one service by its type; return the services to open for it, and its argument.

        Raises a DefinitionError or a group of several.
        """
        planner = ServicePlanner(self._graph, self._report, singletons=self._process, no_request=where)
        parameter = Parameter(name="key", annotation=key, default=MISSING, positional=True)
        argument: Any = None
        with self._raising(where):
            try:
                argument = planner.inject(parameter, key, where, (), qualifier=qualifier)
            except MissingProviderError as error:
                hint = error.hint.removesuffix(", or give the parameter a default")
                raise MissingProviderError(where, "key", type_name(key), (), hint=hint) from None
            self._check_open(planner.services, [argument] if argument else [], where)
        return planner.services, argument

    @contextmanager
    def _raising(self, what: str) -> Iterator[None]:
        """Raise the errors that are reported inside, and keep those that were reported before."""
        before = set(self._errors)
        yield
        mistakes = [self._errors.pop(key) for key in list(self._errors) if key not in before]
        if len(mistakes) == 1:
            raise mistakes[0]
        if mistakes:
            raise ExceptionGroup(f"{len(mistakes)} errors in {what}", mistakes)

    def _emit(self, function: Any, shape: _Shape) -> _Planned:
        with self._raising(f"a call of {callable_name(function)}"):
            services, arguments = self._plan(function, shape)
        source = self._emit_call(services, arguments, synchronous=not is_async(function), request=shape[2])
        source.use(in_thread=self._threads.run)
        namespace = source.run()
        if self._live is None:
            self._namespaces.append(namespace)
        else:
            namespace.update(self._live)
        return _Planned(namespace["call"], services)

    def _plan(self, function: Any, shape: _Shape) -> tuple[list[ServicePlan], list[ArgumentPlan]]:
        where = describe(function)
        count, names, request = shape
        given = bound_parameters(function, count, names, where)
        planner = ServicePlanner(
            self._graph,
            self._report,
            singletons=self._process,
            no_request=callable_name(function),
            given_request=request is not None,
        )
        arguments: list[ArgumentPlan] = []
        for parameter in read_signature(function).parameters:
            if parameter.name in given:
                continue
            try:
                argument = planner.argument(parameter, where, (callable_name(function),))
            except MissingProviderError as error:
                self._report(_forgotten(error, parameter.annotation))
            except DefinitionError as error:
                self._report(error)
            else:
                arguments += [] if argument is None else [argument]
        self._check_open(planner.services, arguments, where)
        return planner.services, arguments

    def _report(self, error: DefinitionError) -> None:
        self._errors.setdefault((error.where, error.what), error)

    def _check_open(self, services: Sequence[ServicePlan], arguments: Sequence[ArgumentPlan], where: str) -> None:
        """Report singletons that were not required when singletons were opened: those of open generics."""
        if self._live is None:
            return
        needed = [*arguments, *(one for service in services for one in service.call.arguments)]
        made = {*self._live, *(one.variable for one in services), "request"}
        closed = {name for one in needed for name in one.variables} - made
        for service in self._process.services:
            if service.variable in closed:
                self._report(
                    InvalidTaskError(
                        where,
                        f"it needs {service.label}, a singleton that nothing asked for when the app was built",
                        hint=f"register {service.label} by itself, or ask for it in a controller",
                    )
                )


def _taken_apart(
    function: Any, args: Sequence[Any], keywords: Mapping[str, Any]
) -> tuple[Any, tuple[Any, ...], Mapping[str, Any]]:
    """Split bound methods and partials into a function and its arguments, so that plans keep no objects alive."""
    while isinstance(function, functools.partial):
        args, keywords = (*function.args, *args), {**function.keywords, **keywords}
        function = function.func
    if isinstance(function, types.MethodType):
        return _taken_apart(function.__func__, (function.__self__, *args), keywords)
    if not callable(function) or isinstance(function, type):
        raise InvalidTaskError(
            value_name(function),
            "it is to be called with injected services and is not a function",
            hint="give the function itself, without calling it"
            if is_running(function)
            else "give a function or a method",
        )
    if not hasattr(function, "__code__") and hasattr(type(function).__call__, "__code__"):
        return type(function).__call__, (function, *args), keywords
    if is_generator(function):
        raise InvalidTaskError(
            describe(function),
            "it is to be called with injected services and is a generator",
            hint="write it as a plain function; services that are closed after it are injected",
        )
    return function, tuple(args), keywords


def _forgotten(error: MissingProviderError, annotation: Any) -> MissingProviderError:
    """Return the error for data that was not given, with a hint how to give it."""
    if unsupported(annotation) is not None:
        return error
    where, _, parameter = error.where.rpartition(", parameter ")
    return MissingProviderError(
        where,
        parameter.strip("'"),
        error.what.removeprefix("no provider for "),
        error.needed_by,
        hint="pass it as an argument, or give the parameter a default",
    )
