"""A process that subscribes, and prints what it reads: ``python -m tests.channels.reading_process URL PREFIX``."""

import asyncio
import sys

from framework.channels import Lagged, Topic
from tests.channels.topics import Placed, process

__all__ = ("BIG", "END")

BIG = Topic[Placed]("big", history=1_000)
END = -1


def say(text: object) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def read(url: str, prefix: str) -> None:
    """Print the numbers of events, and ``lost``, up to the last event."""
    async with process(url, prefix=prefix, topics=[BIG]) as one:
        while True:
            events = one.channels.subscribe(BIG)
            await events.open()
            say("ready")
            try:
                async for event in events:
                    say(event.number)
                    if event.number == END:
                        return
            except Lagged:
                say("lost")


if __name__ == "__main__":
    asyncio.run(read(*sys.argv[1:]))
