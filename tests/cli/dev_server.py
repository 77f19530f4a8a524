"""Runs ``framework dev`` and ``framework run`` as processes of their own, which are forked or begin with Python."""

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Protocol, TypeAlias

import aiohttp

from tests.forked import start_command
from tests.waiting import until

__all__ = (
    "HTML",
    "PATIENCE",
    "SHOP",
    "Command",
    "Starting",
    "alive",
    "children",
    "command",
    "ended",
    "get",
    "get_json",
    "python_command",
)

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


class Process(Protocol):
    """What tests do with a process of asyncio, or with one that is forked."""

    @property
    def pid(self) -> int:
        """Return its id."""
        ...

    @property
    def returncode(self) -> int | None:
        """Return the exit code; None if it runs."""
        ...

    async def wait(self) -> int:
        """Wait until it ends."""
        ...

    def send_signal(self, signal: signal.Signals) -> None:
        """Send a signal."""

    def kill(self) -> None:
        """End it at once."""


class _Forked:
    def __init__(self, process: ForkServerProcess) -> None:
        assert process.pid is not None
        self.pid = process.pid
        self.returncode: int | None = None
        self._process = process
        self._ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(process.sentinel, self._end)

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self._process.join()
        self.returncode = self._process.exitcode
        self._ended.set()

    async def wait(self) -> int:
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, signal: signal.Signals) -> None:
        # It may have ended, and nothing has been heard of that yet.
        with contextlib.suppress(ProcessLookupError):
            if self.returncode is None:
                os.kill(self.pid, signal)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Command:
    """A running command, and what it has printed so far."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.printed = self._forgotten = ""
        self._silent = False
        self._heard = asyncio.Event()

    @property
    def pid(self) -> int:
        """The id of its process."""
        return self.process.pid

    @property
    def url(self) -> str:
        """The URL that it has printed."""
        found = re.search(r"http://[\w.:\[\]]+\d", self._forgotten + self.printed)
        assert found is not None, self.printed
        return found[0]

    def forget(self) -> None:
        """Begin a new test: what was printed before is not of interest."""
        self._forgotten += self.printed
        self.printed = ""

    async def collect(self, output: asyncio.StreamReader) -> None:
        """Read what it prints until it ends."""
        while data := await output.read(65536):
            self.printed += data.decode()
            self._heard.set()
        self._silent = True
        self._heard.set()

    async def prints(self, text: str, times: int = 1) -> None:
        """Wait until it has printed a text so many times."""
        try:
            async with asyncio.timeout(PATIENCE):
                while self.printed.count(text) < times:
                    assert not self._silent, self.printed
                    self._heard.clear()
                    await self._heard.wait()
        except TimeoutError:
            raise AssertionError(f"{text!r} is missing in:\n{self.printed}") from None

    async def stop(self, kind: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(kind)
        return await asyncio.wait_for(self.process.wait(), PATIENCE)


Starting: TypeAlias = Callable[..., AbstractAsyncContextManager[Command]]
"""``command``, or ``python_command``."""


@asynccontextmanager
async def command(folder: Path, *words: str, variables: Mapping[str, str] | None = None) -> AsyncIterator[Command]:
    """Run the command in a forked process; it is killed at the end if it still runs."""
    reading, writing = os.pipe()
    output = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(output), os.fdopen(reading, "rb")
    )
    try:
        process = start_command(folder, words, _variables(variables), writing)
    finally:
        os.close(writing)
    async with _followed(_Forked(process), output) as running:
        yield running
    transport.close()


@asynccontextmanager
async def python_command(
    folder: Path, *words: str, variables: Mapping[str, str] | None = None
) -> AsyncIterator[Command]:
    """Run the command as ``python -m framework``, which imports everything anew; it is killed at the end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "framework", *words),
        cwd=folder,
        env=_variables(variables),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    async with _followed(process, process.stdout) as running:
        yield running


def _variables(more: Mapping[str, str] | None) -> dict[str, str]:
    path = os.pathsep.join(one for one in (str(_ROOT), os.environ.get("PYTHONPATH")) if one)
    return {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **(more or {})}


@asynccontextmanager
async def _followed(process: Process, output: asyncio.StreamReader) -> AsyncIterator[Command]:
    running = Command(process)
    collecting = asyncio.create_task(running.collect(output))
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


def children(pid: int) -> list[int]:
    """Return the processes that the first thread of a process has started."""
    return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split())]


async def ended(*pids: int) -> None:
    """Wait until processes have ended."""
    await until(lambda: not any(map(alive, pids)))
