"""Reads when a job is added by itself: cron expressions, and periods."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from framework._compile.jobs.options import in_seconds
from framework._plan.jobs import SchedulePlan
from framework.errors import InvalidJobError
from framework.jobs import JobOptions

__all__ = ("read_schedule",)

_SHORT = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


def read_schedule(where: str, options: JobOptions) -> SchedulePlan | None:
    """Return the schedule of a job, ``None`` if it has none. Raises InvalidJobError."""
    overlap = options.get("overlap", False)
    cron, every = options.get("cron"), options.get("every")
    if cron is not None and every is not None:
        raise InvalidJobError(where, "it has cron= and every=", hint="keep one of them, or write a second job")
    if cron is not None:
        return _cron(where, cron, options.get("timezone"), overlap=overlap)
    return None if every is None else _periodic(in_seconds(every), overlap=overlap)


def _periodic(every: float, *, overlap: bool) -> SchedulePlan:
    def latest(now: float) -> float:
        return math.floor(now / every) * every

    def following(now: float) -> float:
        return latest(now) + every

    return SchedulePlan(latest=latest, following=following, overlap=overlap, text=f"every {every:g} s")


def _cron(where: str, expression: str, name: str | None, *, overlap: bool) -> SchedulePlan:
    zone = _zone(where, name)
    make, mistake = _cronsim(where)
    written = _SHORT.get(expression.strip().lower(), expression)

    def ticks(now: float, *, reverse: bool) -> Iterator[datetime]:
        # Both directions leave out the time itself, and a tick is a whole second.
        start = datetime.fromtimestamp(math.floor(now) + reverse, zone)
        return iter(make(written, start, reverse=reverse))

    def latest(now: float) -> float:
        return next(ticks(now, reverse=True)).timestamp()

    def following(now: float) -> float:
        return next(ticks(now, reverse=False)).timestamp()

    try:
        following(0.0)
    except (mistake, StopIteration) as error:
        what = f"cron={expression!r} is not a schedule ({str(error) or 'it has no time'})"
        hint = 'write minute, hour, day, month, weekday: cron="30 3 * * mon-fri"'
        raise InvalidJobError(where, what, hint=hint) from None
    text = f"cron {expression} {name or 'UTC'}"
    return SchedulePlan(latest=latest, following=following, overlap=overlap, text=text)


def _cronsim(where: str) -> tuple[Any, type[Exception]]:
    """Return the class that finds ticks, and its error for a bad expression."""
    try:
        # Imported late: few applications have schedules.
        from cronsim import CronSim, CronSimError
    except ImportError:
        what = "cron= requires the package cronsim"
        raise InvalidJobError(where, what, hint="pip install 'framework-aiohttp[jobs]'") from None
    return CronSim, CronSimError


def _zone(where: str, name: str | None) -> tzinfo:
    if name is None:
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        what = f"timezone={name!r} is not a known time zone"
        hint = 'write a name such as timezone="Europe/Berlin"; a machine without time zones requires the package tzdata'
        raise InvalidJobError(where, what, hint=hint) from None
