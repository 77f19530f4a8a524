"""A process with one tracked connection, which prints ``present``: ``… URL PREFIX LIFETIME KEY``; tests kill it."""

import asyncio
import sys

from tests.channels.topics import ROLL, Member, process


async def _stay(url: str, prefix: str, lifetime: float, key: str) -> None:
    opened = process(url, prefix=prefix, topics=[ROLL], presence_lifetime=lifetime)
    async with opened as one, one.channels.track(ROLL, key, Member("process")):
        sys.stdout.write("present\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_stay(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4]))
