"""Health: the routes by which an orchestrator learns whether a process lives and is ready."""

import math
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, ClassVar

from msgspec import Struct

from framework.caching import CacheControl
from framework.controller import Controller, Router
from framework.errors import InvalidOptionError
from framework.health.checks import HealthCheck, Readiness
from framework.http_errors import ServiceUnavailable
from framework.option_errors import explained_class
from framework.routing import get
from framework.runtime import Runtime
from framework.security.public import public

__all__ = ("Health", "HealthStatus", "NotReady")

_NO_STORE = CacheControl(no_store=True)


class HealthStatus(Struct, frozen=True):
    """The body of a successful probe."""

    status: str
    """``live`` or ``ready``."""


class NotReady(ServiceUnavailable):
    """The process cannot serve requests now."""

    header_descriptions: ClassVar = {"Retry-After": "Seconds after which to try again."}

    failed: tuple[str, ...]
    """The names of the checks that fail; empty while the application stops."""


@explained_class("Health", "Health(checks=(database_is_up,))")
class Health(Router):
    """Adds ``/health/live`` and ``/health/ready``: ``App(controllers=[..., Health(checks=[check_database])])``.

    A check is an ``async def`` with injected parameters, or a ``HealthCheck``; it fails if it raises. Readiness runs
    all checks together, and keeps the result for ``cache`` seconds; a check that takes longer than ``timeout`` seconds
    fails. Liveness depends on nothing. Raises InvalidOptionError for wrong options.
    """

    def __init__(
        self,
        checks: Sequence[Callable[..., Awaitable[object]] | HealthCheck] = (),
        *,
        live_path: str = "/health/live",
        ready_path: str = "/health/ready",
        timeout: float = 2.0,
        cache: float = 1.0,
        in_document: bool = False,
    ) -> None:
        given = _given(checks)
        for what, hint in _mistakes(given, timeout, cache):
            raise InvalidOptionError("Health", what, hint=hint)
        made = _controller(given, live_path, ready_path, timeout=timeout, cache=cache)
        # A load balancer sends no name of a host, and a busy process is not to be restarted.
        super().__init__("", (made,), in_document=in_document, metadata={"probe": True})


def _given(checks: Any) -> list[HealthCheck]:
    if isinstance(checks, Sequence) and not isinstance(checks, str):
        return [one if isinstance(one, HealthCheck) else HealthCheck(one) for one in checks]
    raise InvalidOptionError("Health", "checks= is not a sequence", hint="write it as checks=[check_database]")


def _mistakes(checks: Sequence[HealthCheck], timeout: float, cache: float) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the options, each with a hint."""
    names: set[str] = set()
    for one in checks:
        name = one.label
        if not one.is_async:
            # A plain function that hangs would keep a worker thread, one more at each probe.
            yield f"the check {name or repr(one.function)} is not async", "write it as async def check_database(...)"
        elif not name:
            yield f"the check {one.function!r} has no name", 'name it: HealthCheck(check, name="mail")'
        if not _is_time(timeout if one.timeout is None else one.timeout):
            yield f"the timeout of the check {name} is {one.timeout!r}, not a positive time", "write timeout=2"
        if name in names:
            yield f"two checks are named {name}", 'give one of them a name: HealthCheck(check, name="mail")'
        names.add(name)
    if not _is_time(timeout):
        yield f"timeout={timeout!r} is not a positive time", "write timeout=2 (seconds)"
    if not (cache == 0 or _is_time(cache)):
        yield f"cache={cache!r} is not a time", "write cache=1 (seconds), or 0"


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0


def _controller(
    checks: Sequence[HealthCheck], live_path: str, ready_path: str, *, timeout: float, cache: float
) -> type[Controller]:
    @public
    class HealthController(Controller):
        """Responds to probes."""

        tags = ("health",)
        injected_calls = tuple(one.function for one in checks)

        def __init__(self, runtime: Runtime) -> None:
            self._readiness = Readiness(runtime, checks, timeout=timeout, cache=cache)

        @get(live_path, cache_control=_NO_STORE)
        async def live(self) -> HealthStatus:
            """Whether the process runs; it depends on nothing else."""
            return HealthStatus("live")

        @get(ready_path, cache_control=_NO_STORE, raises=(NotReady,))
        async def ready(self) -> HealthStatus:
            """Whether the process can serve requests."""
            await _require(self._readiness)
            return HealthStatus("ready")

    return HealthController


async def _require(readiness: Readiness) -> None:
    headers = {"Cache-Control": "no-store", "Retry-After": "1"}
    if readiness.stopping:
        raise NotReady("The application stops", failed=(), headers=headers)
    failed = await readiness.failed()
    if failed:
        raise NotReady(f"{len(failed)} of {readiness.count} checks fail", failed=failed, headers=headers)
