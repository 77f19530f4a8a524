"""The plan of a job: how its arguments are encoded, how often and how long it may run, when it is scheduled."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

__all__ = ("JobPlan", "SchedulePlan")


class SchedulePlan(Struct, frozen=True, kw_only=True):
    """When a job is added by itself: once in the cluster for each tick."""

    latest: Callable[[float], float]
    """Returns the latest tick at or before a time; both are seconds since the epoch."""
    following: Callable[[float], float]
    """Returns the next tick after a time."""
    overlap: bool
    """Whether a tick adds a job while that of an earlier one is waiting or running."""
    text: str
    """What a person reads: ``cron 0 3 * * * Europe/Berlin``."""


class JobPlan(Struct, frozen=True, kw_only=True):
    """One job."""

    name: str
    """Under which it is stored: ``Mail.confirm`` unless the decorator names it."""
    aliases: tuple[str, ...]
    """Earlier names; jobs that are stored under them run too."""
    where: str
    """For messages: ``Mail.confirm (shop/mail.py:12)``."""
    owner: type[Any]
    """The class, whose constructor is injected."""
    function: Callable[..., Any]
    bind: Callable[[tuple[Any, ...], Mapping[str, Any]], Struct]
    """Returns checked arguments; raises TypeError for those that do not fit."""
    encode: Callable[[Struct], bytes]
    decode: Callable[[bytes], Struct]
    """Raises msgspec.ValidationError or msgspec.DecodeError."""
    encode_result: Callable[[Any], bytes] | None
    """``None``: no result is stored."""
    result_lifetime: float
    """In seconds."""
    queue: str
    priority: int
    """Lower numbers run first, then older jobs."""
    max_attempts: int
    backoff: Callable[[int], float]
    """Returns the seconds after an attempt, the first is 1, until the next."""
    timeout: float
    """In seconds, of one attempt."""
    unique: Callable[[Struct], str] | None
    """Returns the key of which at most one job is waiting or running."""
    concurrency: int | None
    """How many run at once in the cluster; for each concurrency key, if there is one."""
    concurrency_key: Callable[[Struct], str] | None
    transactional: bool
    """Whether the job is completed in the transaction of the session that it is given."""
    schedule: SchedulePlan | None
    arguments: Any = None
    """The Struct of its arguments, for documents."""
