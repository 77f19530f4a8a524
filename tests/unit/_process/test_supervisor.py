"""A supervisor keeps its workers running; the workers here are small programs that send what real ones send."""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from framework._process.member import Phase
from framework._process.service_manager import ServiceManager
from framework._process.supervisor import Crew, Supervisor
from tests.waiting import until

WORKER = """
import signal, socket, sys
signal.signal(signal.SIGHUP, lambda *_: None)
channel = socket.socket(fileno=int(sys.argv[1]))
state = open(sys.argv[2]).read()
if state == "broken":
    channel.send(b"failed the code is broken\\n")
    sys.exit(3)
channel.send(b"loaded\\n")
if not channel.recv(1):
    sys.exit()
if state == "down":
    channel.send(b"failed the database is down\\n")
    sys.exit(1)
signal.signal(signal.SIGTERM, (lambda *_: None) if state == "hung" else (lambda *_: sys.exit()))
channel.send(b"ready\\n")
if state == "spent":
    channel.send(b"spent\\n")
while channel.recv(1):
    pass
"""


class Running:
    """A supervisor, what its workers find, and what it has reported."""

    def __init__(self, folder: Path, notified: socket.socket, **settings: float) -> None:
        self._state = folder / "state"
        self._notified = notified
        self.announced = 0
        self.ended: list[int] = []
        self.listening = socket.create_server(("127.0.0.1", 0))
        crew = Crew(
            command=lambda channel, _: [sys.executable, "-S", "-c", WORKER, str(channel), str(self._state)],
            sockets=(self.listening,),
            folder=str(folder),
            count=2,
            retry=0.2,
            graceful=settings.get("graceful", 30.0),
            ended=self._ended,
        )
        self.supervisor = Supervisor(crew, self._announce, ServiceManager({"NOTIFY_SOCKET": str(folder / "notify")}))

    def _announce(self) -> None:
        self.announced += 1

    def _ended(self, pid: int) -> None:
        self.ended.append(pid)

    def code(self, state: str) -> None:
        """Set what the next workers find."""
        self._state.write_text(state)

    def processes(self, phase: Phase = Phase.READY) -> set[int]:
        """Return the workers in a phase."""
        return {one.process.pid for one in self.supervisor.members if one.phase is phase}

    async def settled(self) -> set[int]:
        """Wait until two workers serve and one waits; return those that serve."""
        await until(lambda: len(self.processes()) == 2 and len(self.supervisor.members) == 3)
        await until(lambda: len(self.processes(Phase.LOADED)) == 1)
        return self.processes()

    def notified(self) -> Iterator[str]:
        """Yield the first line of each message to systemd."""
        while True:
            try:
                yield self._notified.recv(4096).decode().partition("\n")[0]
            except BlockingIOError:
                return


@asynccontextmanager
async def supervised(folder: Path, state: str = "good", **settings: float) -> AsyncIterator[Running]:
    """Run a supervisor, and stop it at the end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(str(folder / "notify"))
        notified.settimeout(0)
        running = Running(folder, notified, **settings)
        running.code(state)
        task = asyncio.create_task(running.supervisor.run())
        try:
            yield running
            assert await task == 0
        finally:
            for one in running.supervisor.members:
                one.process.kill()
            loop = asyncio.get_running_loop()
            for number in (signal.SIGCHLD, signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)


def send(number: signal.Signals) -> None:
    """Send a signal to the supervisor, which runs in this process."""
    os.kill(os.getpid(), number)


async def test_it_starts_workers_and_stops_them(tmp_path: Path) -> None:
    """Two serve and one waits; the stop ends all of them and closes the socket."""
    async with supervised(tmp_path) as running:
        await running.settled()
        send(signal.SIGTERM)
        await until(lambda: not running.supervisor.members)
        assert (running.announced, list(running.notified())) == (1, ["READY=1", "STOPPING=1"])
        assert running.listening.fileno() == -1


async def test_a_worker_that_ends_is_replaced_by_the_one_that_waits(tmp_path: Path) -> None:
    """It is reported, and another one waits."""
    async with supervised(tmp_path) as running:
        before = await running.settled()
        (waiting,) = running.processes(Phase.LOADED)
        await asyncio.sleep(1.1)
        os.kill(min(before), signal.SIGKILL)
        await until(lambda: waiting in running.processes())
        assert await running.settled() == {max(before), waiting}
        assert running.ended == [min(before)]
        send(signal.SIGTERM)


async def test_a_reload(tmp_path: Path) -> None:
    """All workers are replaced, also the one that waits; a second SIGHUP meanwhile is another reload."""
    async with supervised(tmp_path) as running:
        before = await running.settled() | running.processes(Phase.LOADED)
        send(signal.SIGHUP)
        await asyncio.sleep(0)
        send(signal.SIGHUP)
        told: list[str] = []
        async with asyncio.timeout(30):
            while len(told) < 5:
                told += running.notified()
                await asyncio.sleep(0.01)
        assert told == ["READY=1", "RELOADING=1", "READY=1", "RELOADING=1", "READY=1"]
        after = await running.settled()
        assert not before & (after | running.processes(Phase.LOADED))
        send(signal.SIGTERM)


@pytest.mark.parametrize(("state", "reason"), [("broken", "the code is broken"), ("down", "the database is down")])
async def test_a_reload_that_fails(tmp_path: Path, caplog: pytest.LogCaptureFixture, state: str, reason: str) -> None:
    """It is reported in one line, and nothing else happens."""
    async with supervised(tmp_path) as running:
        before = await running.settled() | running.processes(Phase.LOADED)
        running.code(state)
        caplog.clear()
        send(signal.SIGHUP)
        await until(lambda: bool(caplog.messages) and len(running.supervisor.members) == 3)
        assert await running.settled() | running.processes(Phase.LOADED) == before
        assert [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING] == [
            f"The new code cannot be served, and the old workers go on: {reason}"
        ]
        send(signal.SIGTERM)


async def test_workers_that_cannot_start_are_created_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With pauses, until they can."""
    async with supervised(tmp_path) as running:
        before = await running.settled()
        running.code("down")
        await asyncio.sleep(1.1)
        for one in before:
            os.kill(one, signal.SIGKILL)
        line = "A worker could not start, and the next one is created in 0.2 s: the database is down"
        await until(lambda: caplog.messages.count(line) > 1)
        running.code("good")
        assert not before & await running.settled()
        send(signal.SIGINT)


async def test_a_worker_that_is_spent_is_replaced(tmp_path: Path) -> None:
    """It serves until another one does; never fewer than two serve."""
    async with supervised(tmp_path) as running:
        before = await running.settled()
        running.code("spent")
        send(signal.SIGHUP)
        await until(lambda: not before & running.processes())
        running.code("good")
        await until(lambda: len(running.processes()) >= 2)
        await running.settled()
        send(signal.SIGTERM)


async def test_a_first_start_that_fails_ends_it(tmp_path: Path) -> None:
    """With the exit code of the worker, and without another attempt."""
    with socket.socket() as unused:
        running = Running(tmp_path, unused)
        running.code("broken")
        assert await running.supervisor.run() == 3
    assert running.announced == 0


async def test_a_worker_that_does_not_stop_is_killed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Before the graceful time ends."""
    async with supervised(tmp_path, "hung", graceful=0.5) as running:
        await running.settled()
        begun = asyncio.get_running_loop().time()
        send(signal.SIGTERM)
        await until(lambda: not running.supervisor.members)
        assert asyncio.get_running_loop().time() - begun < 2
        assert sum("did not end in time, and is killed" in one for one in caplog.messages) == 2
