"""Waits for something that happens soon, on a machine of any speed."""

import asyncio
from collections.abc import Awaitable, Callable

__all__ = ("PATIENCE", "until")

PATIENCE = 60.0
"""Seconds after which a test that still waits fails: on a busy machine a new process takes more than ten to start."""


async def until(true: Callable[[], bool] | Callable[[], Awaitable[bool]], patience: float = PATIENCE) -> None:
    """Ask again and again until something is true."""
    pause = 0.004
    async with asyncio.timeout(patience):
        while True:
            found = true()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(pause)
            # What takes long is not to be held up by the questions, of which those that are awaited ask a server.
            pause = min(1.2 * pause, 0.02) if isinstance(found, bool) else min(1.5 * pause, 0.05)
