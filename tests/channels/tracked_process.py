"""A process with one tracked connection: forked, or a program that prints ``present``: ``URL PREFIX LIFETIME KEY``."""

import asyncio
import multiprocessing
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection

from tests.channels.topics import ROLL, Member, process

__all__ = ("stay_forked",)


def stay_forked(sending: "Connection[str, None]", url: str, prefix: str, lifetime: float, key: str) -> None:
    """Send ``present``, and stay until this process is killed, or the one of the tests has ended."""
    asyncio.run(_stay_forked(sending, url, prefix, lifetime, key))


async def _stay_forked(sending: "Connection[str, None]", url: str, prefix: str, lifetime: float, key: str) -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    async with _tracked(url, prefix, lifetime, key):
        sending.send("present")
        await asyncio.to_thread(parent.join)


async def _stay(url: str, prefix: str, lifetime: float, key: str) -> None:
    async with _tracked(url, prefix, lifetime, key):
        sys.stdout.write("present\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


@asynccontextmanager
async def _tracked(url: str, prefix: str, lifetime: float, key: str) -> AsyncIterator[None]:
    opened = process(url, prefix=prefix, topics=[ROLL], presence_lifetime=lifetime)
    async with opened as one, one.channels.track(ROLL, key, Member("process")):
        yield


if __name__ == "__main__":
    asyncio.run(_stay(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4]))
