"""Emits the calls of observers for the lean protocol: one clock before the handler, one record after the response.

Nearly all responses are written at once, and their size and status are known. The others (streams, files, web sockets,
errors, responses of aiohttp) are examined by ``end_long``.
"""

from collections.abc import Callable
from time import perf_counter
from typing import Any

from framework._serve.observing.calls import FAILED, Observing
from framework._source import Source
from framework.observers import Observation

__all__ = ("begin_first", "emit_begin", "emit_end")

# PERF: no call; by position, and without a variable for the record of a single observer: 2 % of a small response.
_GO_ON = """\
if (
    self._keepalive
    and self._keepalive_handle is not None
    and self._head_watch.timer is not None
    and not (reset or self._force_close or self._close or self._messages)
):
    self._task_handler = None
    self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
    self._waiter = IDLE
else:
    go_on(self, request, response, reset)""".splitlines()
"""The steps of ``LeanProtocol._go_on`` for a connection that only waits for its next request."""
_RECORD = "Observation(request, status, len(response._body or b''), clock() - request._begun)"


def emit_begin(source: Source, observing: Observing) -> None:
    """Emit the first lines for a ``request``."""
    source.use(clock=perf_counter, FAILED=FAILED, report=observing.report)
    source.line("request._begun = clock()")
    if not observing.begins:
        return
    # PERF: one function that calls them all would take half as long as an observer that counts.
    states = ["None"] * len(observing.called)
    for at, begin, name in observing.begins:
        states[at] = state = f"state_{at}"
        source.use(**{f"begin_{at}": begin})
        with source.block("try:"):
            source.line(f"{state} = begin_{at}(request)")
        with source.block("except Exception as error:"):
            source.line(f"{state} = FAILED")
            source.line(f"report({f'{name}.begin'!r}, error)")
    source.line(f"request._states = [{', '.join(states)}]")


def begin_first(handle: Any, observing: Observing) -> Any:
    """Return a handler whose requests are observed, for the lean protocol without the fast path."""
    source = Source()
    source.use(stock=handle)
    with source.block("async def handle(request):"):
        emit_begin(source, observing)
        with source.block("try:"):
            source.line("return await stock(request)")
        with source.block("except Exception as error:"):
            # aiohttp replaces the exception of a native route by its own response.
            source.line("request._raised = error")
            source.line("raise")
    return source.run()["handle"]


def emit_end(
    observing: Observing, end_long: Callable[..., None], go_on: Callable[..., None], idle: object
) -> Callable[..., None]:
    """Emit the method of the protocol that ends the observation of a request, and continues the connection.

    ``idle`` is the value for a connection that waits for a request.
    """
    source = Source()
    source.use(Observation=Observation, FAILED=FAILED, report=observing.report, clock=perf_counter)
    source.use(end_long=end_long, go_on=go_on, IDLE=idle)
    with source.block("def observed_go_on(self, request, response, reset):"):
        with source.block("if request._begun is None or reset or (status := response._head.status) >= 400:"):
            source.line("end_long(request, response, reset)")
        with source.block("else:"):
            _emit_calls(source, observing)
        source.lines(_GO_ON)
    return source.run()["observed_go_on"]  # type: ignore[no-any-return]  # it was emitted here


def _emit_calls(source: Source, observing: Observing) -> None:
    record = _RECORD
    if len(observing.ends) != 1:
        source.line(f"record = {_RECORD}")
        record = "record"
    began = {at for at, _, _ in observing.begins}
    for at, end, name in observing.ends:
        source.use(**{f"end_{at}": end})
        state = f"request._states[{at}]" if at in began else None
        if state is None:
            _emit_call(source, f"end_{at}({record}, None)", name)
        else:
            with source.block(f"if (state := {state}) is not FAILED:"):
                _emit_call(source, f"end_{at}({record}, state)", name)


def _emit_call(source: Source, call: str, name: str) -> None:
    with source.block("try:"):
        source.line(call)
    with source.block("except Exception as error:"):
        source.line(f"report({f'{name}.end'!r}, error)")
