"""Calls of functions outside of requests, with services in the place of the arguments that are not given."""

import functools
import threading
import types
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from framework._compiler.emit_call import argument_list, emit_service
from framework._compiler.source import Source
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
from framework._services.graph import ServiceGraph
from framework._services.planner import ServicePlanner
from framework._services.scope import close
from framework._services.threads import WorkerThreads
from framework.errors import DefinitionError, InvalidTaskError, MissingProviderError

__all__ = ("InjectedCall", "Injector")

_Shape: TypeAlias = tuple[int, frozenset[str]]
"""How many arguments are given by position, and the names of the others."""
_Emitted: TypeAlias = Callable[[Any, Sequence[Any], Mapping[str, Any]], Awaitable[Any]]


class InjectedCall:
    """A function with the arguments that are given; ``await call()`` opens what else it needs, calls it and closes."""

    __slots__ = ("_args", "_emitted", "_function", "_keywords")

    def __init__(self, emitted: _Emitted, function: Any, args: Sequence[Any], keywords: Mapping[str, Any]) -> None:
        self._emitted = emitted
        self._function = function
        self._args = args
        self._keywords = keywords

    async def __call__(self) -> Any:
        """Return what the function returns; raises what it raises, or what closing a service raises."""
        return await self._emitted(self._function, self._args, self._keywords)

    async def again(self, *last: Any) -> Any:
        """Call it with others in the place of the last arguments."""
        return await self._emitted(self._function, (*self._args[: -len(last)], *last), self._keywords)


class Injector:
    """Makes injected calls. Each function is planned once for each way in which arguments are given to it.

    A call may be planned before the app starts, and then run after it.
    """

    def __init__(
        self,
        graph: ServiceGraph,
        process: ServicePlanner,
        threads: WorkerThreads,
        errors: dict[tuple[str, str], DefinitionError],
    ) -> None:
        self._threads = threads
        self._graph = graph
        self._process = process
        self._errors = errors
        self._known: WeakKeyDictionary[Any, dict[_Shape, _Emitted | Exception]] = WeakKeyDictionary()
        self._namespaces: list[dict[str, Any]] = []
        self._live: Mapping[str, Any] | None = None
        # Sync handlers add tasks from worker threads.
        self._lock = threading.Lock()

    def start(self, live: Mapping[str, Any]) -> None:
        """Give the open singletons to what was planned, and to what will be."""
        self._live = live
        for namespace in self._namespaces:
            namespace.update(live)

    def prepare(self, function: Any, args: Sequence[Any], keywords: Mapping[str, Any]) -> InjectedCall:
        """Plan a call with some arguments given.

        Raises TypeError for arguments that do not fit, and DefinitionError, in a group where there are several.
        """
        plain, args, keywords = _taken_apart(function, args, keywords)
        shape = (len(args), frozenset(keywords))
        with self._lock:
            known = self._known.setdefault(plain, {})
            if shape not in known:
                try:
                    known[shape] = self._emit(plain, shape)
                except (DefinitionError, ExceptionGroup, TypeError) as error:
                    known[shape] = error
        emitted = known[shape]
        if isinstance(emitted, Exception):
            # Without the frames of whoever met it before.
            raise emitted.with_traceback(None)
        return InjectedCall(emitted, plain, args, keywords)

    def service(self, key: Any, qualifier: str | None, where: str) -> tuple[list[ServicePlan], ArgumentPlan]:
        """Plan one service that is asked for by its type; return what is to be opened for it, and the argument it is.

        Raises DefinitionError, in a group where there are several.
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
        """Raise the errors that are reported inside, and leave those that were reported before."""
        before = set(self._errors)
        yield
        mistakes = [self._errors.pop(key) for key in list(self._errors) if key not in before]
        if len(mistakes) == 1:
            raise mistakes[0]
        if mistakes:
            raise ExceptionGroup(f"{len(mistakes)} errors in {what}", mistakes)

    def _emit(self, function: Any, shape: _Shape) -> _Emitted:
        with self._raising(f"a call of {callable_name(function)}"):
            services, arguments = self._plan(function, shape)
        source = _source(services, arguments, synchronous=not is_async(function))
        source.use(in_thread=self._threads.run)
        namespace = source.run()
        if self._live is None:
            self._namespaces.append(namespace)
        else:
            namespace.update(self._live)
        emitted: _Emitted = namespace["call"]
        return emitted

    def _plan(self, function: Any, shape: _Shape) -> tuple[list[ServicePlan], list[ArgumentPlan]]:
        where = describe(function)
        count, names = shape
        given = bound_parameters(function, count, names, where)
        planner = ServicePlanner(
            self._graph, self._report, singletons=self._process, no_request=callable_name(function)
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
        """Report singletons that nobody asked for when they were opened: those of open generics."""
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
    """Part bound methods and partials into a function and its arguments, so that plans outlive no object."""
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
    """Say of data that nobody gave that it may be given."""
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


def _source(services: Sequence[ServicePlan], arguments: Collection[ArgumentPlan], *, synchronous: bool) -> Source:
    source = Source()
    source.use(close=close, request=None)
    by_position = argument_list([one for one in arguments if one.positional])
    by_name = argument_list([one for one in arguments if not one.positional])
    given = ", ".join(filter(None, ("*args", by_position, "**keywords", by_name)))
    with source.block("async def call(function, args, keywords):"):
        source.line("opened = []")
        with source.block("try:"):
            for service in services:
                emit_service(source, service)
            if synchronous:
                source.line(f"result = await in_thread(opened, function, {given})")
            else:
                source.line(f"result = await function({given})")
        with source.block("except BaseException as error:"):
            source.line("raise await close(opened, error)")
        source.line("failure = await close(opened, None)")
        with source.block("if failure is not None:"):
            source.line("raise failure")
        source.line("return result")
    return source
