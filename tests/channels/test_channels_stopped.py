"""A process that does not read for a while, and a database that is killed."""

import asyncio
import itertools
import signal
import sys
from importlib import import_module
from typing import Any

import pytest

from framework.channels import ChannelError
from tests.channels.reading_process import BIG, END
from tests.channels.test_channels_losses import published, reads
from tests.channels.topics import Placed, Process, process
from tests.postgresql_server import PostgreSQLServer, postgresql_started
from tests.waiting import until

COUNT = 300
TEXT = "x" * 200_000


async def sent(one: Process, number: int, text: str = "") -> bool:
    """Publish an event; return whether the engine has accepted it."""
    try:
        await one.channels.publish(BIG, Placed(number, text))
    except ChannelError:
        return False
    return True


async def lines_until_end(output: asyncio.StreamReader) -> list[str]:
    """Return what a process prints, up to the last event."""
    found: list[str] = []
    while found[-1:] != [str(END)]:
        found.append((await output.readline()).decode().strip())
        assert found[-1], "the process has ended"
    return [one for one in found if one != "ready"]


async def test_an_error_of_the_client_is_one_of_the_engine(
    shared_postgresql: PostgreSQLServer, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client reports a connection that ends in the middle of a command so; the next event has a new one."""
    asyncpg: Any = import_module("asyncpg")

    def fail(*_: object) -> None:
        raise asyncpg.exceptions.InternalClientError("cannot switch to state 15; another operation is in progress")

    async with process(shared_postgresql.database(), prefix=prefix) as one:
        assert await published(one, 1)
        with monkeypatch.context() as patch:
            patch.setattr(asyncpg.Connection, "transaction", fail)
            assert not await published(one, 2)
        assert await published(one, 3)


@pytest.mark.slow
async def test_a_process_that_is_stopped_loses_nothing_in_silence(shared_url: str, prefix: str) -> None:
    """60 MB are published meanwhile. Engines with a history deliver all, the others all or a loss that is reported."""
    command = [sys.executable, "-m", "tests.channels.reading_process", shared_url, prefix]
    child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert child.stdout is not None
        assert await child.stdout.readline() == b"ready\n"
        async with process(shared_url, prefix=prefix, topics=[BIG], timeout=3.0) as one:
            child.send_signal(signal.SIGSTOP)
            # A publisher waits for the engine only, and at most for its timeout.
            accepted = [await sent(one, number, TEXT) for number in range(COUNT)]
            child.send_signal(signal.SIGCONT)
            await asyncio.sleep(2)
            await until(lambda: sent(one, END))
        async with asyncio.timeout(60):
            found = await lines_until_end(child.stdout)
        await child.wait()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()

    numbers = [str(number) for number, ok in enumerate(accepted) if ok]
    if shared_url.startswith(("redis+streams", "postgresql")):
        assert all(accepted)
        assert found == [*numbers, str(END)]
        return
    # Wherever events are missing, the line before says so.
    known = [*numbers, str(END)]
    position = 0
    for before, line in itertools.pairwise(["", *found]):
        if line == "lost":
            continue
        at = known.index(line, position)
        assert at == position or before == "lost", found
        position = at + 1


async def test_postgresql_is_killed(prefix: str) -> None:
    """A publisher gets an error, and no event that was accepted is lost."""
    with postgresql_started() as server:
        async with process(server.database(), prefix=prefix, timeout=2.0) as one:

            async def restart() -> None:
                server.kill()
                assert not await published(one, 9)
                await asyncio.to_thread(server.start)

            assert await reads(one, restart) == [1, 3, 2]
