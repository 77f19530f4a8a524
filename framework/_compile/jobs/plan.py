"""Plans the jobs of an application; reports those that cannot be stored or called."""

import ast
import functools
import hashlib
import random
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from framework._compile.jobs.arguments import Arguments, check_stored, key_function, refused_secret
from framework._compile.jobs.calling import JobCalls
from framework._compile.jobs.options import check_job_options, in_seconds
from framework._compile.jobs.schedules import read_schedule
from framework._compile.services.graph import ServiceGraph
from framework._hooks import encode_hook
from framework._inspect.names import callable_name, describe_class, place_of, type_name, value_name
from framework._inspect.signatures import MISSING, Signature, declared_in, is_async, is_generator, read_signature
from framework._inspect.types import unsupported
from framework._inspect.written import repeated_methods
from framework._plan.job_runs import JobTable
from framework._plan.jobs import JobPlan
from framework._serve.conversion.output import Output
from framework.errors import DefinitionError, InvalidJobError
from framework.jobs import JobDefinition, JobOptions, Jobs

__all__ = ("plan_jobs",)

_Report = Callable[[DefinitionError], None]
_CAP = 3_600.0
"""The longest time between two attempts, in seconds."""
_JITTER = 0.2
_RESULT_LIFETIME = 3_600.0
_NO_SESSION = "it is transactional, and no scope has a session of the database of the jobs"
_PROVIDE_SESSION = "container.add_scoped(AsyncSession, open_session), and leave JobSettings(url=) out"


def plan_jobs(table: JobTable, graph: ServiceGraph, calls: JobCalls, report: _Report) -> tuple[JobPlan, ...]:
    """Return the plans of all jobs of an application."""
    plans: list[JobPlan] = []
    for cls in _different(table.settings.jobs):
        if not _is_jobs(cls, table.where, report):
            continue
        found = list(_jobs_of(cls))
        if not found:
            what = "none of its methods is a job"
            report(InvalidJobError(describe_class(cls), what, hint="write @job above a method"))
        for one in _lost(cls):
            report(one)
        for name, definition in found:
            plans += _planned(cls, name, definition, graph, calls, report)
    _check_names(plans, report)
    _check_functions(plans, report)
    for plan in plans:
        if plan.transactional and table.session is None:
            report(InvalidJobError(plan.where, _NO_SESSION, hint=_PROVIDE_SESSION))
    return tuple(plans)


def _different(classes: Sequence[Any]) -> list[Any]:
    """Return each class once, also values that cannot be hashed."""
    return [one for place, one in enumerate(classes) if one not in classes[:place]]


def _is_jobs(cls: Any, where: str, report: _Report) -> bool:
    if isinstance(cls, type) and issubclass(cls, Jobs) and cls is not Jobs:
        return True
    hint = "give the class itself, without calling it" if isinstance(cls, Jobs) else "write class Mail(Jobs)"
    report(InvalidJobError(where, f"{value_name(cls)} stands in jobs= and is not a subclass of Jobs", hint=hint))
    return False


def _jobs_of(cls: type[Any]) -> Iterator[tuple[str, JobDefinition]]:
    """Yield the names of the methods that are jobs, those of base classes first, with their declarations.

    A method that overrides a job is one with the same options, unless it has a decorator.
    """
    names = dict.fromkeys(name for base in reversed(cls.__mro__) for name in vars(base))
    for name in names:
        written = (getattr(vars(base)[name], "__job__", None) for base in cls.__mro__ if name in vars(base))
        found = next((one for one in written if isinstance(one, JobDefinition)), None)
        if found is not None:
            yield name, found


def _lost(cls: type[Any]) -> Iterator[DefinitionError]:
    for name, lines in repeated_methods(cls, _is_decorator):
        what = f"it has several methods named {name} (lines {' and '.join(map(str, lines))}), and only the last exists"
        yield InvalidJobError(describe_class(cls), what, hint="give each method a name of its own")


def _is_decorator(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) == "job"


def _planned(
    cls: type[Any], name: str, definition: JobDefinition, graph: ServiceGraph, calls: JobCalls, report: _Report
) -> list[JobPlan]:
    """Return the plan of a job in a list, which is empty if the job has errors."""
    mistakes: list[DefinitionError] = []
    try:
        signature = _signature(cls, name)
        options = check_job_options(signature.where, definition.options, mistakes.append)
        mistakes += check_stored(signature, cls, graph.knows)
        if not mistakes:
            plan = _plan(cls, name, signature, options)
            if calls.knows(plan):
                calls.prepare(plan)
            return [plan]
    except DefinitionError as error:
        mistakes.append(error)
    except ExceptionGroup as group:
        several: Any = group.exceptions
        mistakes += several
    for one in mistakes:
        report(one)
    return []


def _signature(cls: type[Any], name: str) -> Signature:
    written = declared_in(cls, name)
    where = f"{callable_name(cls)}.{name}"
    if not isinstance(written, types.FunctionType):
        raise InvalidJobError(where, f"a {type(written).__name__} is not a job", hint="write a plain method with self")
    if is_generator(written):
        where = f"{where} ({place_of(written)})"
        raise InvalidJobError(where, "it is a generator", hint="write async def or def, and no yield")
    return read_signature(written, owner=cls, method=True)


def _plan(cls: type[Any], name: str, signature: Signature, options: JobOptions) -> JobPlan:
    function = getattr(cls, name)
    where = signature.where
    stored = options.get("name", f"{callable_name(cls)}.{name}")
    arguments = Arguments(stored, function, signature)
    timeout = in_seconds(options.get("timeout", 300.0))
    unique, limited = options.get("unique", False), options.get("concurrency_key")
    transactional = options.get("transactional", False)
    if transactional and not is_async(function):
        raise InvalidJobError(where, "it is transactional and runs in a thread", hint="write it as async def")
    return JobPlan(
        name=stored,
        aliases=tuple(options.get("aliases", ())),
        where=where,
        owner=cls,
        function=function,
        bind=arguments.bind,
        encode=arguments.encode,
        decode=arguments.decode,
        encode_result=_result_encoder(options, signature),
        result_lifetime=_lifetime(options),
        queue=options.get("queue", "default"),
        priority=options.get("priority", 0),
        max_attempts=options.get("retries", 5) + 1,
        backoff=_backoff(options.get("backoff", 1.0)),
        timeout=timeout,
        unique=_unique(where, unique, arguments),
        concurrency=options.get("concurrency"),
        concurrency_key=None if limited is None else key_function(where, "concurrency_key", limited, arguments),
        transactional=transactional,
        schedule=_schedule(where, options, signature),
        arguments=arguments.type,
    )


def _schedule(where: str, options: JobOptions, signature: Signature) -> Any:
    schedule = read_schedule(where, options)
    required = [one.name for one in signature.parameters if one.default is MISSING]
    if schedule is not None and required:
        what = f"it is scheduled, and nothing gives it {' and '.join(required)}"
        raise InvalidJobError(where, what, hint="give the parameters defaults, or take them out")
    return schedule


def _lifetime(options: JobOptions) -> float:
    wanted = options.get("result", False)
    return _RESULT_LIFETIME if isinstance(wanted, bool) else in_seconds(wanted)


def _result_encoder(options: JobOptions, signature: Signature) -> Callable[[Any], bytes] | None:
    if not options.get("result", False):
        return None
    annotation = signature.returns
    if annotation in (MISSING, None, type(None)):
        raise InvalidJobError(signature.where, "it stores a result and returns none", hint="annotate what it returns")
    refused = unsupported(annotation, written=True) or refused_secret(annotation)
    if refused is not None:
        what = f"its result {type_name(annotation)} cannot be stored ({refused.reason})"
        raise InvalidJobError(signature.where, what, hint=refused.hint or "return a Struct or a builtin")
    encoder = msgspec.json.Encoder(enc_hook=encode_hook)
    return Output(annotation, signature.where).encoder(encoder.encode)


def _backoff(given: float | Callable[[int], float]) -> Callable[[int], float]:
    if callable(given):
        return given
    return functools.partial(_doubled, given)


def _doubled(first: float, attempt: int) -> float:
    """Return ``first`` seconds after attempt 1, doubled for each later one, +-20 %, at most an hour."""
    # The exponent is limited, as floats are.
    seconds = first * 2.0 ** min(attempt - 1, 60)
    return min(seconds * random.uniform(1 - _JITTER, 1 + _JITTER), _CAP)  # noqa: S311  not a secret


def _unique(where: str, wanted: bool | Callable[..., str], arguments: Arguments) -> Callable[[Struct], str] | None:
    if callable(wanted):
        return key_function(where, "unique", wanted, arguments)
    return (lambda given: hashlib.sha256(arguments.encode(given)).hexdigest()) if wanted else None


def _check_names(plans: Sequence[JobPlan], report: _Report) -> None:
    known: dict[str, JobPlan] = {}
    for plan in plans:
        for name in (plan.name, *plan.aliases):
            other = known.setdefault(name, plan)
            if other is not plan:
                what = f"the name {name!r} is also that of {other.where}"
                report(InvalidJobError(plan.where, what, hint='give one of them another one: @job(name="other")'))


def _check_functions(plans: Sequence[JobPlan], report: _Report) -> None:
    known: dict[Any, JobPlan] = {}
    for plan in plans:
        other = known.setdefault(plan.function, plan)
        if other is not plan:
            what = f"it is the same function as {other.where}, and JobQueue.add() could not tell which is meant"
            report(InvalidJobError(plan.where, what, hint="override it in each of the classes"))
