"""The end of credentials: the earliest report applies, and the clock may be set."""

import asyncio
import math
import time
from datetime import UTC, datetime, timedelta

import pytest

from framework import clock, expiry
from framework.expiry import EXPIRY, Expiry, valid_until


async def test_the_earliest_end_applies() -> None:
    """Also one that is reported while the response is sent; the end comes once."""
    ended = asyncio.Event()
    found = Expiry()
    found.until(math.inf)
    found.until(time.time() + 3600)
    found.watch(ended.set)
    await asyncio.sleep(0.02)
    assert not ended.is_set()
    await asyncio.to_thread(found.until, time.time() + 0.1)
    found.until(time.time() + 7200)
    async with asyncio.timeout(5):
        await ended.wait()


async def test_what_is_released_ends_nothing() -> None:
    """Neither by a timer nor by a report that comes later."""
    calls: list[str] = []
    found = Expiry()
    found.until(time.time() + 0.02)
    found.watch(lambda: calls.append("ended"))
    found.release()
    found.until(0)
    await asyncio.sleep(0.1)
    assert calls == []


async def test_a_clock_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is compared again after a time, so an end in the distance comes when the clock is put forward."""
    monkeypatch.setattr(expiry, "_LONGEST", 0.02)
    ended = asyncio.Event()
    found = Expiry()
    found.until(time.time() + 3600)
    found.watch(ended.set)
    await asyncio.sleep(0.1)
    assert not ended.is_set()
    monkeypatch.setattr(clock, "time", lambda: time.time() + 7200)
    async with asyncio.timeout(5):
        await ended.wait()


async def test_a_moment_is_a_datetime_or_a_number() -> None:
    """A datetime without a time zone is an error, also where nothing is watched."""
    moment = datetime.now(UTC).replace(tzinfo=None)
    with pytest.raises(ValueError, match=r"^valid_until\(datetime\.datetime\(.*\) has no time zone$"):
        valid_until(moment)
    valid_until(0)
    ended = asyncio.Event()
    found = Expiry()
    token = EXPIRY.set(found)
    valid_until(datetime.now(UTC) + timedelta(milliseconds=20))
    EXPIRY.reset(token)
    found.watch(ended.set)
    async with asyncio.timeout(5):
        await ended.wait()
