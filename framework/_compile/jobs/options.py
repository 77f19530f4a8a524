"""Checks the options of ``@job`` and of JobSettings."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from msgspec.structs import asdict

from framework._compile.declarations.shapes import (
    Shape,
    are_strings,
    is_bool,
    is_collection,
    is_duration,
    is_name,
    is_string,
    is_whole_number,
)
from framework._inspect.names import callable_name, value_name
from framework._inspect.near_names import hint_for_option
from framework._secret import revealed
from framework.errors import DefinitionError, InvalidJobError, InvalidOptionError
from framework.jobs import JobOptions, JobSettings
from framework.observers import Observer

__all__ = ("check_job_options", "check_job_settings", "in_seconds", "is_job_observer")

_Report = Callable[[DefinitionError], None]
_MOST = 32_767
"""The limit of the column for priorities and attempts, a smallint."""
# Options of other libraries for jobs.
_WAYS: Mapping[str, str] = {
    "max_retries": "write retries= instead",
    "max_tries": "write retries= instead; it does not count the first attempt",
    "max_attempts": "write retries= instead; it does not count the first attempt",
    "retry": "write retries=5",
    "retry_delay": "write backoff= instead",
    "queue_name": "write queue= instead",
    "task_name": "write name= instead",
    "schedule": 'write cron="0 3 * * *" or every=60',
    "crontab": "write cron= instead",
    "interval": "write every= instead",
    "time_limit": "write timeout= instead",
    "lock": "write unique= or concurrency=1",
    "key": "give it to JobQueue.add(..., key=), or write unique=",
    "delay": "give it to JobQueue.add(..., delay=)",
}


def in_seconds(duration: timedelta | float) -> float:
    """Return a duration in seconds."""
    return duration.total_seconds() if isinstance(duration, timedelta) else float(duration)


def _is_length(value: Any) -> bool:
    return is_duration(in_seconds(value) if isinstance(value, timedelta) else value)


def _is_count(value: Any) -> bool:
    return is_whole_number(value) and value <= _MOST


def _is_priority(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MOST


def _is_short(most: int) -> Callable[[Any], bool]:
    """Return a check that a name fits its column."""
    return lambda value: is_name(value) and len(value) <= most


def _is_positive(value: Any) -> bool:
    return is_whole_number(value) and value > 0


def _is_function(value: Any) -> bool:
    return callable(value) and not isinstance(value, type)


_LENGTH = "a positive number of seconds or a timedelta"
_SHAPES: Mapping[str, Shape] = {
    "name": Shape(_is_short(200), "a name of at most 200 characters", 'name="mail.confirm"'),
    "aliases": Shape(are_strings, "a sequence of names", 'aliases=("Mail.send",)'),
    "retries": Shape(_is_count, "a number", "retries=5"),
    "backoff": Shape(
        lambda value: _is_function(value) or is_duration(value),
        "a positive number of seconds or a function",
        "backoff=2.5",
    ),
    "timeout": Shape(_is_length, _LENGTH, "timeout=300"),
    "queue": Shape(_is_short(64), "a name of at most 64 characters", 'queue="mails"'),
    "priority": Shape(_is_priority, f"a number from -{_MOST} to {_MOST}", "priority=5"),
    "unique": Shape(lambda value: is_bool(value) or _is_function(value), "True or a function", "unique=True"),
    "concurrency": Shape(_is_positive, "a positive number", "concurrency=1"),
    "concurrency_key": Shape(_is_function, "a function", "concurrency_key=account_of"),
    "cron": Shape(is_string, "a string", 'cron="0 3 * * *"'),
    "timezone": Shape(is_name, "the name of a time zone", 'timezone="Europe/Berlin"'),
    "every": Shape(_is_length, _LENGTH, "every=60"),
    "overlap": Shape(is_bool, "True or False", "overlap=True"),
    "result": Shape(lambda value: is_bool(value) or _is_length(value), "True or seconds", "result=3600"),
    "transactional": Shape(is_bool, "True or False", "transactional=True"),
}
_SETTINGS: Mapping[str, Shape] = {
    "jobs": Shape(is_collection, "a sequence of Jobs classes", "JobSettings([Mail])"),
    "url": Shape(lambda url: is_name(revealed(url)), "a URL", 'url="sqlite+aiosqlite:///jobs.db"', optional=True),
    "broker": Shape(
        lambda value: is_name(revealed(value)) or _is_function(value),
        "a URL or a function",
        'broker="nats://localhost:4222"',
        optional=True,
    ),
    "broker_prefix": Shape(_is_short(64), "a name of at most 64 characters", 'broker_prefix="shop_jobs"'),
    "queues": Shape(are_strings, "a sequence of names", 'queues=("default", "mails")'),
    "concurrency": Shape(_is_positive, "a positive number", "concurrency=20"),
    "lease": Shape(is_duration, "a positive number of seconds", "lease=30"),
    "heartbeat": Shape(is_duration, "a positive number of seconds", "heartbeat=10"),
    "poll": Shape(is_duration, "a positive number of seconds", "poll=1", optional=True),
    "grace": Shape(is_duration, "a positive number of seconds", "grace=25"),
    "keep_done": Shape(is_duration, "a positive number of seconds", "keep_done=86_400"),
    "keep_dead": Shape(is_duration, "a positive number of seconds", "keep_dead=86_400"),
    "size_limit": Shape(_is_positive, "a positive number of bytes", "size_limit=65_536"),
    "in_process": Shape(is_bool, "True or False", "in_process=True"),
    "observers": Shape(is_collection, "a sequence of observers", "observers=[JobMetrics()]"),
    "create_tables": Shape(is_bool, "True or False", "create_tables=False"),
    "synchronous": Shape(lambda value: value in ("FULL", "NORMAL"), '"FULL" or "NORMAL"', 'synchronous="NORMAL"'),
}


def check_job_options(where: str, options: Mapping[str, Any], report: _Report) -> JobOptions:
    """Return the valid options of a job; report unknown ones, and values of the wrong type."""
    known = tuple(JobOptions.__annotations__)
    for name in options:
        if name not in known:
            hint = _WAYS.get(name) or hint_for_option(name, known)
            report(InvalidJobError(where, f"no job has an option {name}=", hint=hint))
    kept = {name: value for name, value in options.items() if name in known and _fits(where, name, value, report)}
    for name, other in (("timezone", "cron"), ("concurrency_key", "concurrency")):
        if name in kept and other not in kept:
            report(InvalidJobError(where, f"{name}= has no effect without {other}=", hint=f"add {other}=, or drop it"))
    if "overlap" in kept and not {"cron", "every"} & set(kept):
        report(InvalidJobError(where, "overlap= has no effect without cron= or every=", hint="drop overlap="))
    return kept  # type: ignore[return-value]  # checked above


def _fits(where: str, name: str, value: Any, report: _Report) -> bool:
    shape = _SHAPES[name]
    if shape.fits(value):
        return True
    given = callable_name(value) if callable(value) else value_name(value)
    report(InvalidJobError(where, f"{name}={given} is not {shape.expected}", hint=f"write it as {shape.example}"))
    return False


def check_job_settings(where: str, settings: JobSettings, report: _Report) -> bool:
    """Report settings of the wrong type, and those that contradict each other; return whether there are none."""
    for name, value in asdict(settings).items():
        shape = _SETTINGS[name]
        if not (shape.fits(value) or (shape.optional and value is None)):
            what = f"JobSettings({name}={value_name(value)}) is not {shape.expected}"
            report(InvalidJobError(where, what, hint=f"write it as {shape.example}"))
            return False
    if not all(_observes(where, one, report) for one in settings.observers):
        return False
    if settings.heartbeat * 2 > settings.lease:
        what = f"a heartbeat of {settings.heartbeat:g} s is more than half of the lease of {settings.lease:g} s"
        report(InvalidJobError(where, what, hint="give a longer lease=, or a shorter heartbeat="))
        return False
    return True


def is_job_observer(given: Any) -> bool:
    """Return whether something has the methods of an observer of jobs."""
    return all(callable(getattr(given, name, None)) for name in ("begin_job", "end_job"))


def _observes(where: str, observer: Any, report: _Report) -> bool:
    """Report what is wrong with an observer of jobs; return whether there is nothing."""
    if not is_job_observer(observer):
        what = f"{value_name(observer)} is among the observers of jobs and has no begin_job() and end_job()"
        report(InvalidJobError(where, what, hint="write both, as framework.job_observers.JobObserver has them"))
        return False
    wrong = list(observer.mistakes()) if isinstance(observer, Observer) else []
    for what, hint in wrong:
        report(InvalidOptionError(where, what, hint=hint))
    return not wrong
