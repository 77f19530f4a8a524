"""Calls observers when a request begins and when it has ended, whichever protocol serves it.

aiohttp's protocols create a task for each request, which ends when the last byte is sent: that is the end of the
request. The lean protocol reports the end itself, see :mod:`framework._serve.connections.observed`, which costs less.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context
from time import perf_counter
from typing import Any, NamedTuple

from aiohttp import web
from aiohttp.typedefs import Handler

from framework._plan import ObserverPlan
from framework._serve.aiohttp_names import SUPPORTED
from framework._serve.native_errors import name_after
from framework._serve.observing.sent import Sent, note_begun, what_was_sent
from framework.observers import Observation

__all__ = (
    "FAILED",
    "OBSERVING",
    "Begun",
    "Observing",
    "note_status",
    "observe_route",
    "observe_tasks",
    "observing_of",
)

_LOGGER = logging.getLogger("framework")
FAILED: Any = object()
"""The state of an observer whose ``begin`` has failed."""


class Begun(NamedTuple):
    """A request that has begun."""

    request: Any
    at: float
    states: list[Any]


class Observing:
    """The observers of one app, in the order in which they are declared."""

    __slots__ = ("_count", "_places", "begins", "called", "ends", "plans", "serves")

    def __init__(self, plans: Sequence[ObserverPlan] = ()) -> None:
        self.plans = plans
        self.serves = False
        """Whether the server of the application reports all requests to them."""
        self._places: set[tuple[Any, ...]] = set()
        self._take([])

    def start(self, live: Mapping[str, Any]) -> None:
        """Take the observers from the objects of this process."""
        self._take([(plan, live[plan.variable]) for plan in self.plans])

    def joined(self, others: Sequence["Observing"]) -> "Observing":
        """Return the observers of several started apps in one aiohttp application as one."""
        if not others:
            return self
        made = Observing()
        made._take([pair for each in (self, *others) for pair in each.called])
        return made

    def _take(self, called: Sequence[tuple[ObserverPlan, Any]]) -> None:
        self.called = called
        self._count = len(called)
        found = list(enumerate(called))
        self.begins = [(at, one.begin, plan.name) for at, (plan, one) in found if "begin" in plan.methods]
        self.ends = [(at, one.end, plan.name) for at, (plan, one) in reversed(found) if "end" in plan.methods]

    def begin(self, request: Any) -> Begun:
        """Report the beginning of a request to the observers."""
        at = perf_counter()
        return Begun(request, at, self.begin_all(request))

    def begin_all(self, request: Any) -> list[Any]:
        """Report the beginning of a request to the observers, and return their states."""
        states: list[Any] = [None] * self._count
        for at, begin, name in self.begins:
            try:
                states[at] = begin(request)
            except Exception as error:  # noqa: BLE001  logged
                states[at] = FAILED
                self.report(f"{name}.begin", error)
        return states

    def end(self, begun: Begun, sent: Sent) -> None:
        """Report the end of a request to the observers, except those whose ``begin`` failed."""
        request, at, states = begun
        duration = perf_counter() - at
        status, exception, size, gone, close_code = sent
        observation = Observation(request, status, size, duration, exception, gone, close_code)
        for place, end, name in self.ends:
            state = states[place]
            if state is FAILED:
                continue
            try:
                end(observation, state)
            except Exception as error:  # noqa: BLE001  logged
                self.report(f"{name}.end", error)

    def report(self, method: str, error: Exception) -> None:
        """Log an exception of an observer, once for each place in the code."""
        last = error.__traceback__
        while last is not None and last.tb_next is not None:
            last = last.tb_next
        place = (method, type(error), last and last.tb_frame.f_code.co_filename, last and last.tb_lineno)
        if place not in self._places:
            self._places.add(place)
            _LOGGER.error(
                "The observer %s failed; failures at the same place are not logged again", method, exc_info=error
            )


OBSERVING = web.AppKey("framework_observing", list[Observing])
"""The observers of all apps in an aiohttp application."""


def observing_of(application: web.Application) -> Observing | None:
    """Return the observers of an application that is served, ``None`` if it has none."""
    found = [one for one in application.get(OBSERVING, ()) if one.plans]
    for one in found:
        one.serves = True
    return found[0].joined(found[1:]) if found else None


async def note_status(request: web.Request, response: web.StreamResponse) -> None:
    """Record that a response begins: a signal of aiohttp (``on_response_prepare``)."""
    note_begun(request, response)


def observe_tasks(handle: Handler, observing: Observing) -> Handler:
    """Return a handler whose requests are observed until their tasks end."""

    async def observed(request: web.Request) -> web.StreamResponse:
        if SUPPORTED:
            _note_when_it_begins(request)
        seen = _Task(observing, observing.begin(request))
        try:
            response = await handle(request)
        except BaseException as error:
            seen.error = error
            raise
        seen.response = response
        return response

    return observed


def observe_route(handler: Handler, observing: Observing) -> Handler:
    """Return the handler of a route whose requests are observed if the app is mounted below another application."""
    alone = observe_tasks(handler, observing)

    async def observed(request: web.Request) -> web.StreamResponse:
        return await (handler(request) if observing.serves else alone(request))

    name_after(observed, handler)
    return observed


def _note_when_it_begins(request: web.Request) -> None:
    hook = request._prepare_hook  # noqa: SLF001  one of the names that framework._serve.aiohttp_names lists

    async def note(response: web.StreamResponse) -> None:
        note_begun(request, response)
        await hook(response)

    vars(request)["_prepare_hook"] = note


class _Task:
    """Ends the observation of a request when its task has ended."""

    def __init__(self, observing: Observing, begun: Begun) -> None:
        self.response: web.StreamResponse | None = None
        self.error: BaseException | None = None
        self._observing = observing
        self._begun = begun
        task: Any = asyncio.current_task()
        # Context variables that observers have set can be reset in the same context, not in a copy (Python 3.11).
        get_context: Callable[[], Context] | None = getattr(task, "get_context", None)
        task.add_done_callback(self._end, context=None if get_context is None else get_context())

    def _end(self, task: "asyncio.Task[Any]") -> None:
        request = self._begun.request
        response, error, reset = self.response, self.error, False
        if task.cancelled():
            error = error or asyncio.CancelledError()
        elif task.exception() is None and isinstance(task.result(), tuple):
            # aiohttp's tasks return the response that was sent, which may be that of another layer.
            response, reset = task.result()
        self._observing.end(self._begun, what_was_sent(request, response, error, reset=reset))
