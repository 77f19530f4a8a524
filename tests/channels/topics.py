"""The topics of the tests, and what stands for a process in them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from msgspec import Struct

from framework._channels.engines import make_engine
from framework._channels.hub import Hub
from framework._channels.presence.service import Presences
from framework.channels import Channels, ChannelSettings, Presence, Topic

__all__ = ("DROPPING", "ORDERS", "ROLL", "SHORT", "Member", "Placed", "Process", "numbers", "process")


class Placed(Struct, frozen=True):
    """An order was placed."""

    number: int
    text: str = ""


class Member(Struct, frozen=True):
    """Somebody who is present."""

    name: str
    away: bool = False


ORDERS = Topic[Placed]("orders")
SHORT = Topic[Placed]("short", history=5)
DROPPING = Topic[Placed]("dropping", history=5, slow="drop_oldest")
ROLL = Presence[Member]("roll", settle=0.05)
TOPICS = (ORDERS, SHORT, DROPPING, ROLL)


class Process:
    """The channels of one process."""

    def __init__(self, hub: Hub, presences: Presences) -> None:
        self.hub = hub
        self.presences = presences
        self.channels = Channels(hub, presences)


@asynccontextmanager
async def process(url: str, **settings: Any) -> AsyncIterator[Process]:
    """Open channels as an app does."""
    chosen = ChannelSettings(**{"topics": TOPICS, "url": url, **settings})
    hub = Hub(chosen, make_engine(chosen))
    presences = Presences(hub, chosen)
    try:
        yield Process(hub, presences)
    finally:
        await presences.close()
        await hub.close()


async def numbers(events: Any, count: int) -> list[int]:
    """Return the numbers of the next events."""
    found: list[int] = []
    while len(found) < count:
        found.append((await anext(events)).number)
    return found
