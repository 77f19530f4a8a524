"""Ten thousand requests over random graphs of scoped services: whatever goes wrong, nothing is left open."""

import asyncio
import contextlib
import inspect
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiohttp import ClientConnectionError, ClientSession, web
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from framework import App, Container, Controller, Request, post
from framework.typedefs import CallNext
from tests.unit._compile.services.scope_cases import (
    CASES,
    Case,
    Closing,
    Ending,
    Kind,
    Opening,
    make_factory,
    settle,
    settle_or_wait,
    verdict,
)

GRAPHS, STEPS, BATCH = 125, 12, 8
REQUESTS = 10_000
LARGEST = 5


def mostly(member: Any, others: Any) -> st.SearchStrategy[Any]:
    """Draw one member of an enum more often than all others together."""
    return st.sampled_from([*[member] * len(others), *others])


CASE = st.builds(
    Case,
    openings=st.tuples(*[mostly(Opening.FINE, [*Opening] * 2)] * LARGEST),
    closings=st.tuples(*[mostly(Closing.FINE, Closing)] * LARGEST),
    ending=mostly(Ending.FINE, Ending),
)


class ScopeMachine(RuleBasedStateMachine):
    """One graph of services behind one server; each rule sends a batch of requests at once."""

    sent = 0

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()

    @initialize(
        kinds=st.lists(st.sampled_from(Kind), min_size=1, max_size=LARGEST),
        needs=st.lists(st.integers(0, 31), min_size=LARGEST, max_size=LARGEST),
        wanted=st.integers(1, 31),
        threaded=st.booleans(),
    )
    def build(self, kinds: list[Kind], needs: list[int], wanted: int, threaded: bool) -> None:
        """Register services that need some of those before them, and serve a handler that wants some of them."""
        self.kinds = kinds
        keys = [type(f"Service{index}", (), {}) for index in range(len(kinds))]
        container = Container()
        self.needs = [{one for one in range(index) if needs[index] >> one & 1} for index in range(len(kinds))]
        for index, kind in enumerate(kinds):
            chosen = {f"need{one}": keys[one] for one in self.needs[index]}
            container.add_scoped(keys[index], make_factory(kind, index, keys[index], chosen))
        self.wanted = [one for one in range(len(kinds)) if wanted >> one & 1] or [0]
        self.threaded = threaded
        handler = _handler({f"want{one}": keys[one] for one in self.wanted}, threaded=threaded)
        cases = type("Cases", (Controller,), {"send": post("/")(handler)})
        app = App([cases], container=container, openapi=None, middlewares=(finish,))
        self.runner.run(self._start(app.build()))

    async def _start(self, application: web.Application) -> None:
        self.server = web.AppRunner(application, handler_cancellation=True, access_log=None)
        await self.server.setup()
        site = web.TCPSite(self.server, "127.0.0.1", 0)
        await site.start()
        self.port = self.server.addresses[0][1]
        self.client = ClientSession(f"http://127.0.0.1:{self.port}")

    @rule(cases=st.lists(CASE, min_size=BATCH, max_size=BATCH))
    def send(self, cases: list[Case]) -> None:
        """Send requests at once; each is closed completely and answered as it must be."""
        ScopeMachine.sent += len(cases)
        for status, case in zip(self.runner.run(self._send(cases)), cases, strict=True):
            expected = verdict(case, self.kinds)
            if not self._hangs_up(case):
                assert status == expected
            if case.first is None:
                assert set(case.opened) == self._reachable()
            assert len(case.opened) == len(set(case.opened))
            assert all(self.needs[index] <= set(case.opened) for index in case.opened)

    def _reachable(self) -> set[int]:
        found, waiting = set[int](), [*self.wanted]
        while waiting:
            index = waiting.pop()
            found.add(index)
            waiting.extend(self.needs[index] - found)
        return found

    async def _send(self, cases: list[Case]) -> list[int | None]:
        CASES.clear()
        CASES.update((str(number), case) for number, case in enumerate(cases))
        return await asyncio.gather(*(self._answer(number) for number in CASES))

    def _hangs_up(self, case: Case) -> bool:
        return case.ending is Ending.DISCONNECT and not self.threaded

    async def _answer(self, number: str) -> int | None:
        case = CASES[number]
        status = None
        if self._hangs_up(case):
            await self._hang_up(number, case)
        else:
            with contextlib.suppress(ClientConnectionError):
                async with self.client.post("/", headers={"X-Case": number}) as response:
                    await response.read()
                    status = response.status
        await asyncio.wait_for(case.finished.wait(), 10)
        return status

    async def _hang_up(self, number: str, case: Case) -> None:
        """Ask, wait until the handler waits (or has failed before it does), and close the connection."""
        _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"POST / HTTP/1.1\r\nHost: x\r\nX-Case: {number}\r\nContent-Length: 0\r\n\r\n".encode())
        waiting = [asyncio.ensure_future(one.wait()) for one in (case.arrived, case.finished)]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for one in waiting:
            one.cancel()
        writer.close()
        await writer.wait_closed()

    def teardown(self) -> None:
        """Stop client, server and loop."""
        if hasattr(self, "server"):
            self.runner.run(self._stop())
        self.runner.close()

    async def _stop(self) -> None:
        await self.client.close()
        await self.server.cleanup()


async def finish(request: Request, call_next: CallNext) -> web.StreamResponse:
    """Tell when all of a request is over, cleanup included."""
    try:
        return await call_next(request)
    finally:
        CASES[request.headers["X-Case"]].finished.set()


def _handler(wanted: dict[str, type[Any]], *, threaded: bool) -> Callable[..., Any]:
    """Make a handler that asks for services, async or plain."""

    async def handle(_: object, request: Request, **services: Any) -> list[Any]:
        return await settle_or_wait(_case(request, services))

    def handle_in_thread(_: object, request: Request, **services: Any) -> list[Any]:
        return settle(_case(request, services))

    handler: Any = handle_in_thread if threaded else handle
    annotations = {"request": Request, **wanted}
    positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
    handler.__signature__ = inspect.Signature([inspect.Parameter(one, positional) for one in ("self", *annotations)])
    handler.__annotations__ = {**annotations, "return": list[Any]}
    made: Callable[..., Any] = handler
    return made


def _case(request: Request, services: dict[str, Any]) -> Case:
    case = CASES[request.headers["X-Case"]]
    assert all(one.case is case for one in services.values())
    return case


@pytest.fixture
def _silence() -> Iterator[None]:
    """Log nothing: ten thousand tracebacks say no more than one."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.slow
@pytest.mark.usefixtures("_silence")
def test_nothing_is_left_open_in_ten_thousand_requests() -> None:
    """What was opened is closed, the last first, each cleanup sees the error that stands, and that is the answer."""
    ScopeMachine.sent = 0
    run_state_machine_as_test(
        ScopeMachine,
        settings=settings(
            max_examples=GRAPHS,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            database=None,
            # A failing request with all that went wrong in it is told at once; shrinking it takes minutes.
            phases=[Phase.generate],
            report_multiple_bugs=False,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
        ),
    )
    assert ScopeMachine.sent >= REQUESTS
