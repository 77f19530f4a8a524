"""What services, tasks and lifespan functions note, for tests that wait for it."""

import asyncio

__all__ = ("EVENTS", "seen")

EVENTS: list[str] = []
"""Emptied before each test that uses the fixture ``no_events``."""


async def seen(count: int) -> list[str]:
    """Wait until so many events have happened, and return all."""
    async with asyncio.timeout(10):
        while len(EVENTS) < count:  # noqa: ASYNC110  threads add to it too
            await asyncio.sleep(0.005)
    return EVENTS
