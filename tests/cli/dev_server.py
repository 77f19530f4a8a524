"""Runs ``framework dev`` and ``framework run`` as processes of their own."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.waiting import until

__all__ = ("HTML", "PATIENCE", "SHOP", "Command", "alive", "command", "ended", "get", "get_json")

PATIENCE = 60.0
HTML = {"Accept": "text/html,*/*;q=0.8"}
_ROOT = Path(__file__).parents[2]

SHOP = '''\
import os

from framework import App, Container, Controller, get


class Database:
    """Is open while the app is served."""


async def open_database():
    note("opened")
    yield Database()
    note("closed")


def note(text):
    with open("log.txt", "a") as file:
        file.write(f"{text} {VERSION}\\n")


VERSION = "one"


class Shop(Controller):
    def __init__(self, database: Database) -> None:
        self._database = database

    @get("/")
    async def show(self) -> str:
        return VERSION

    @get("/processes")
    async def processes(self) -> list[int]:
        return [os.getpid(), os.getppid()]

    @get("/page", media_type="text/html")
    async def page(self) -> str:
        return f"<!doctype html><title>Shop</title><body><h1>{VERSION}</h1></body>"

    @get("/share/{people}")
    async def share(self, people: int) -> float:
        return 1 / people


container = Container()
container.add_singleton(Database, open_database)
app = App([Shop], container=container)
'''


class Command:
    """A running command, and what it has printed so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.printed = ""

    @property
    def pid(self) -> int:
        """The id of its process."""
        return self.process.pid

    @property
    def url(self) -> str:
        """The URL that it has printed."""
        found = re.search(r"http://[\w.:\[\]]+\d", self.printed)
        assert found is not None, self.printed
        return found[0]

    async def collect(self) -> None:
        """Read what it prints until it ends."""
        assert self.process.stdout is not None
        while data := await self.process.stdout.read(65536):
            self.printed += data.decode()

    async def prints(self, text: str, times: int = 1) -> None:
        """Wait until it has printed a text so many times."""
        try:
            async with asyncio.timeout(PATIENCE):
                while self.printed.count(text) < times:
                    assert self.process.returncode is None, self.printed
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"{text!r} is missing in:\n{self.printed}") from None

    async def stop(self, kind: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(kind)
        return await asyncio.wait_for(self.process.wait(), PATIENCE)


@asynccontextmanager
async def command(folder: Path, *words: str, variables: Mapping[str, str] | None = None) -> AsyncIterator[Command]:
    """Run the command in a folder with this copy of the framework; it is killed at the end if it still runs."""
    path = os.pathsep.join(one for one in (str(_ROOT), os.environ.get("PYTHONPATH")) if one)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "framework", *words),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **(variables or {})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    running = Command(process)
    collecting = asyncio.create_task(running.collect())
    try:
        yield running
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await asyncio.wait_for(collecting, PATIENCE)


async def get(url: str, **headers: str) -> str:
    """Request a URL on a connection of its own, and return the text of the response."""
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    async with aiohttp.ClientSession(timeout=timeout) as client, client.get(url, headers=headers) as response:
        return await response.text()


async def get_json(url: str) -> list[int]:
    """Request a URL, and return the numbers of its response."""
    async with aiohttp.ClientSession() as client, client.get(url) as response:
        numbers: list[int] = await response.json()
        return numbers


def alive(pid: int) -> bool:
    """Return whether a process runs; one that has ended and is not reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


async def ended(*pids: int) -> None:
    """Wait until processes have ended."""
    await until(lambda: not any(map(alive, pids)))
