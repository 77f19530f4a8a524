"""The topics of the tests, and what stands for a process in them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from msgspec import Struct

from framework._channels.engines import make_engine
from framework._channels.hub import Hub
from framework.channels import Channels, ChannelSettings, Topic

__all__ = ("DROPPING", "ORDERS", "SHORT", "Placed", "Process", "numbers", "process")


class Placed(Struct, frozen=True):
    """An order was placed."""

    number: int
    text: str = ""


ORDERS = Topic[Placed]("orders")
SHORT = Topic[Placed]("short", history=5)
DROPPING = Topic[Placed]("dropping", history=5, slow="drop_oldest")
TOPICS = (ORDERS, SHORT, DROPPING)


class Process:
    """The channels of one process."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.channels = Channels(hub)


@asynccontextmanager
async def process(url: str, **settings: Any) -> AsyncIterator[Process]:
    """Open channels as an app does."""
    chosen = ChannelSettings(**{"topics": TOPICS, "url": url, **settings})
    hub = Hub(chosen, make_engine(chosen))
    try:
        yield Process(hub)
    finally:
        await hub.close()


async def numbers(events: Any, count: int) -> list[int]:
    """Return the numbers of the next events."""
    found: list[int] = []
    while len(found) < count:
        found.append((await anext(events)).number)
    return found
