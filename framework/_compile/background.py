"""Plans what runs outside of requests: lifespan functions, periodic tasks, tasks after the response, other calls."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from aiohttp import web

from framework._compile.injected import InjectedCall, Injector
from framework._compile.services.graph import FACTORY_KINDS, Provider
from framework._compile.services.planner import ServicePlanner
from framework._inspect.factories import factory_shape, misuse_of
from framework._inspect.names import callable_name, describe, place_of, value_name
from framework._inspect.signatures import MISSING, Parameter, read_signature
from framework._serve.background import BackgroundRunner
from framework.background import BackgroundTasks, Periodic, Task, captured_tasks
from framework.container import Lifetime, Registration
from framework.errors import DefinitionError, InvalidTaskError
from framework.runtime import Runtime

__all__ = ("PeriodicCall", "check_calls", "plan_lifespan", "plan_periodic", "provide_runtime", "provide_tasks")

PeriodicCall = tuple[Periodic, InjectedCall]
Report = Callable[[Any], None]


def provide_tasks(injector: Callable[[], Injector], timeout: float) -> tuple[BackgroundRunner, Registration]:
    """Return the runner of background tasks, and the registration of BackgroundTasks.

    The injector is created later, because it requires the graph that contains the registration.
    """

    def prepare(task: Task) -> InjectedCall:
        return injector().prepare(task.function, task.args, task.keywords)

    runner = BackgroundRunner(prepare, timeout, captured_tasks())
    registration = Registration(
        key=BackgroundTasks,
        qualifier=None,
        lifetime=Lifetime.SCOPED,
        factory=runner.collect,
        instance=None,
        place=place_of(runner.collect),
        # Closed last, so that all cleanup has succeeded when the tasks are started.
        outermost=True,
    )
    return runner, registration


def provide_runtime(injector: Callable[[], Injector]) -> tuple[Runtime, Registration]:
    """Return the object that services see as the running application, and its registration.

    The injector is created later, as for the tasks.
    """

    def prepare(function: Any, args: Sequence[Any], keywords: Mapping[str, Any]) -> InjectedCall:
        return injector().prepare(function, args, keywords)

    runtime = Runtime(prepare)
    registration = Registration(
        key=Runtime,
        qualifier=None,
        lifetime=Lifetime.SINGLETON,
        factory=None,
        instance=runtime,
        place=place_of(provide_runtime),
    )
    return runtime, registration


def plan_lifespan(functions: Sequence[Any], process: ServicePlanner, report: Report, where: str) -> None:
    """Plan the lifespan functions as singletons that are opened last."""
    for function in functions:
        try:
            process.make(_lifespan_provider(function, where))
        except DefinitionError as error:
            report(error)


def _lifespan_provider(function: Any, where: str) -> Provider:
    if not callable(function):
        raise InvalidTaskError(
            where, f"{value_name(function)} stands in lifespan= and cannot be called", hint="give the function itself"
        )
    signature = read_signature(function)
    for one in signature.parameters:
        if _is_application(one):
            raise InvalidTaskError(
                signature.where,
                f"it takes the application as {one.name!r}, which functions in lifespan= are not given",
                hint="leave the parameter out; what is needed is injected by its type, for example engine: Engine",
            )
    misuse = misuse_of(function, signature.returns)
    if misuse is not None:
        what, hint = misuse
        raise InvalidTaskError(signature.where, what, hint=hint)
    kind = FACTORY_KINDS[factory_shape(function, signature.returns)]
    if not kind.cleans_up:
        raise InvalidTaskError(
            signature.where,
            "it stands in lifespan= and gives no context manager",
            hint="write it as an async generator that yields once: what is before the yield runs at the start, and "
            "what is after it at the stop",
        )
    return Provider(
        label=callable_name(function),
        lifetime=Lifetime.SINGLETON,
        kind=kind,
        target=function,
        signature=signature,
        adopted=True,
    )


def _is_application(parameter: Parameter) -> bool:
    """Return whether a parameter is the one that aiohttp, Starlette and Litestar pass to such functions."""
    annotation = parameter.annotation
    if annotation is MISSING:
        return parameter.name in {"app", "application"}
    own = getattr(annotation, "__module__", "") == "framework.app"
    return own or (isinstance(annotation, type) and issubclass(annotation, web.Application))


def plan_periodic(tasks: Sequence[Periodic], injector: Injector, report: Report) -> list[PeriodicCall]:
    """Plan the periodic tasks; report those that cannot be called without arguments."""
    planned: list[PeriodicCall] = []
    for one in tasks:
        with _reporting(report):
            call = injector.prepare(one.function, (), {})
            _check_times(one)
            planned.append((one, call))
    return planned


def check_calls(functions: Iterable[Any], injector: Injector, report: Report) -> None:
    """Plan functions that controllers call with injection; report those that cannot be called without arguments."""
    for one in functions:
        with _reporting(report):
            injector.prepare(one, (), {})


@contextmanager
def _reporting(report: Report) -> Iterator[None]:
    try:
        yield
    except DefinitionError as error:
        report(error)
    except ExceptionGroup as group:
        for each in group.exceptions:
            report(each)


def _check_times(one: Periodic) -> None:
    where = f"Periodic of {describe(one.function)}"
    if not _is_duration(one.every) or not _length(one.every):
        raise InvalidTaskError(
            where, f"every={one.every!r} is not a positive time", hint="write every=60 (seconds), or a timedelta"
        )
    if not _is_duration(one.jitter):
        raise InvalidTaskError(
            where, f"jitter={one.jitter!r} is not a time", hint="write jitter=5 (seconds), or a timedelta"
        )


def _is_duration(value: Any) -> bool:
    known = isinstance(value, int | float | timedelta) and not isinstance(value, bool)
    return known and math.isfinite(_length(value)) and _length(value) >= 0


def _length(value: timedelta | float) -> float:
    return value.total_seconds() if isinstance(value, timedelta) else value
