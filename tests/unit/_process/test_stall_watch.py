"""What blocks the event loop is logged in one line."""

import asyncio
import logging
import re
import sys
import time
from collections.abc import Callable

import pytest

from framework._process.stalls import StallWatch, stack_line
from tests.waiting import PATIENCE


def block(done: Callable[[], bool]) -> None:
    """Block the loop."""
    end = time.monotonic() + PATIENCE
    while not done() and time.monotonic() < end:
        time.sleep(0.02)


def spin(done: Callable[[], bool]) -> None:
    """Block the loop with the interpreter's lock held most of the time."""
    end = time.monotonic() + PATIENCE
    while not done() and time.monotonic() < end:
        sum(range(1000))


@pytest.mark.both_loops
@pytest.mark.parametrize(("name", "blocking"), [("block", block), ("spin", spin)])
async def test_a_stall_is_logged_once(
    caplog: pytest.LogCaptureFixture, name: str, blocking: Callable[[Callable[[], bool]], None]
) -> None:
    """With the line that blocks; the next stall is logged again."""
    watch = StallWatch(asyncio.get_running_loop(), 0.1)
    records = caplog.records
    try:
        with caplog.at_level(logging.WARNING, "framework"):
            for stall in (1, 2):
                await asyncio.sleep(0.2)
                blocking(lambda stall=stall: len(records) == stall)  # type: ignore[misc]
                time.sleep(0.3)  # noqa: ASYNC251  it goes on
            await asyncio.sleep(0.2)
    finally:
        watch.end()
    lines = [one.getMessage() for one in records]
    assert len(lines) == 2
    # What it calls may be the innermost line.
    begin = (
        rf"The event loop is blocked for more than 100 ms: (?:\S+:\d+ \S+ < ){{0,3}}{re.escape(__file__)}:\d+ {name} < "
    )
    assert all(re.match(begin, line) and "\n" not in line for line in lines), lines


async def test_a_busy_loop_is_not_a_stall(caplog: pytest.LogCaptureFixture) -> None:
    """Short steps are no stall, however many; nothing is logged after its end."""
    watch = StallWatch(asyncio.get_running_loop(), 0.5)
    end = time.monotonic() + 0.8
    while time.monotonic() < end:
        time.sleep(0.005)  # noqa: ASYNC251  a short step
        await asyncio.sleep(0)
    watch.end()
    time.sleep(0.8)  # noqa: ASYNC251  a stall that nobody watches
    assert caplog.records == []


def test_the_line_of_a_stack() -> None:
    """The innermost call is the first."""
    line = stack_line(sys._getframe())  # noqa: SLF001  its documented name
    assert line.startswith(f"{__file__}:")
    assert " test_the_line_of_a_stack < " in line
