"""A limit on the number of requests that are handled at the same time."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from aiohttp import web

from framework.http_errors import ServiceUnavailable
from framework.layers import Layer, Steps
from framework.middleware.probes import is_probe
from framework.option_errors import explained_class
from framework.routing import RouteInfo

__all__ = ("ConcurrencyLimit", "TooBusy")


class TooBusy(ServiceUnavailable):
    """Too many requests are being handled at this moment."""

    header_descriptions: ClassVar = {"Retry-After": "Seconds after which to try again."}


@explained_class("ConcurrencyLimit", "ConcurrencyLimit(100)")
@dataclass(frozen=True, eq=False)
class ConcurrencyLimit(Layer):
    """Limits how many requests run at the same time in each process; further requests are refused at once with 503.

    All routes that it covers share the limit. A stream or web socket counts until it ends.
    """

    rank: ClassVar[int | None] = 80

    most: int
    """How many requests run at the same time, in each process."""
    retry_after: int = 1
    """Seconds after which clients should try again."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_running", _Running())

    def compile(self, route: RouteInfo | None) -> Steps | None:
        """Return the step that counts a request; probes, and requests that match no route, are not counted."""
        return None if route is None or is_probe(route) else Steps(before=self._before(), raises=(TooBusy,))

    def _before(self) -> Callable[[web.Request], None]:
        running: _Running = vars(self)["_running"]
        most, leave = self.most, running.leave
        headers = {"Retry-After": str(self.retry_after)}

        def enter(_: web.Request) -> None:
            if running.count >= most:
                raise TooBusy("Too many requests are being handled", headers=headers)
            running.count += 1
            # Each request has a task of its own, which ends with it, however it ends.
            task: Any = asyncio.current_task()
            task.add_done_callback(leave)

        return enter

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the options."""
        for option, least in (("most", 1), ("retry_after", 0)):
            value: Any = getattr(self, option)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                what = f"ConcurrencyLimit({option}={value!r}) is not a whole number from {least} on"
                yield what, "give for example ConcurrencyLimit(100)"


class _Running:
    """The number of requests that run now."""

    def __init__(self) -> None:
        self.count = 0

    def leave(self, _: object) -> None:
        """Count a request as ended."""
        self.count -= 1
