"""The supervisor of ``framework run --workers``: it holds the sockets, and never imports the application.

Each worker is a process of its own that imports the application, waits until the supervisor starts it, opens the
services and serves. One more worker waits at this point, so that one that ends is replaced in the time that the
services need. A reload starts with one worker that has the new code: if it cannot serve, nothing has changed.
"""

import asyncio
import logging
import os
import signal
import socket
import subprocess
from collections.abc import Callable

from msgspec import Struct

from framework._process.member import Member, Phase
from framework._process.pauses import pause_after
from framework._process.service_manager import ServiceManager

__all__ = ("Crew", "Supervisor")

_LOGGER = logging.getLogger("framework")
_SHORT = 1.0
"""Seconds: a worker that ends so soon after its start counts as one that could not start."""
_LAST = 0.99
"""The part of the graceful time after which workers are killed; they end by themselves before."""


class Crew(Struct, frozen=True, kw_only=True):
    """Which processes a supervisor runs; times are in seconds."""

    command: Callable[[int, bool], list[str]]
    """Returns the command of a worker: by the file descriptor of its channel, and whether nothing is served yet."""
    sockets: tuple[socket.socket, ...]
    """Those that listen; workers inherit them."""
    folder: str
    """In which workers run: the name of the current folder, which may be a link."""
    count: int
    spare: bool = True
    """Whether one more worker waits."""
    graceful: float = 30.0
    retry: float = 10.0
    """The longest pause after a failed start."""
    ended: Callable[[int], None] = lambda _: None
    """Called with the id of each process that has ended."""


class Supervisor:
    """Keeps the workers running until SIGTERM; ``announce`` is called when all of them serve."""

    def __init__(self, crew: Crew, announce: Callable[[], None], manager: ServiceManager) -> None:
        self._crew = crew
        self._announce = announce
        self._manager = manager
        self._members: list[Member] = []
        self._candidate: Member | None = None
        """The worker that shows whether new code can be served."""
        self._again = False
        """Whether another reload follows."""
        self._announced = self._stopping = self._reloading = False
        self._failures = 0
        self._code = 0
        self._pause: asyncio.TimerHandle | None = None
        self._done = asyncio.Event()

    @property
    def members(self) -> tuple[Member, ...]:
        """The workers that have not ended."""
        return tuple(self._members)

    async def run(self) -> int:
        """Serve; return the exit code, which is not 0 if the first worker could not start."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGCHLD, self._reap)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        for one in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(one, self._stop_all, one)
        self._settle()
        await self._done.wait()
        return self._code

    # What is there, and what should be there

    def _settle(self) -> None:
        """Start and stop workers until there are as many as there should be."""
        if self._stopping:
            return
        serving = [one for one in self._members if one.phase in {Phase.STARTING, Phase.READY}]
        fresh = [one for one in serving if not one.due and one is not self._candidate]
        due = [one for one in serving if one.due]
        ready = sum(one.phase is Phase.READY for one in fresh)
        missing = self._crew.count - len(fresh)
        for one in due[: max(0, ready + len(due) - self._crew.count)]:
            self._stop(one)
        if due:
            # One at a time: a start takes time of the processor, and connections to the database.
            missing = min(missing, 1 - (len(fresh) - ready))
        self._provide(missing)
        if not due and ready == self._crew.count:
            self._report_ready()

    def _provide(self, missing: int) -> None:
        """Start workers that wait, and create others."""
        waiting = [one for one in self._members if one.phase <= Phase.LOADED and one is not self._candidate]
        for one in [one for one in waiting if one.phase is Phase.LOADED][: max(0, missing)]:
            waiting.remove(one)
            missing -= 1
            one.start()
        wanted = max(missing, 1 if self._crew.spare and self._announced else 0)
        if not self._announced and all(one.phase is Phase.LOADING for one in self._members):
            # The first one shows whether the application can be loaded.
            wanted = 1
        while self._pause is None and len(waiting) < wanted and (made := self._create()) is not None:
            waiting.append(made)

    def _create(self) -> Member | None:
        own, other = socket.socketpair()
        command = self._crew.command(other.fileno(), not self._announced)
        try:
            with other:
                passed = (other.fileno(), *(one.fileno() for one in self._crew.sockets))
                process = subprocess.Popen(command, pass_fds=passed, cwd=self._crew.folder)  # noqa: S603  ours
        except OSError as error:
            own.close()
            self._fail(f"no process could be created: {error.strerror}")
            return None
        own.settimeout(0)
        made = Member(process, own)
        self._members.append(made)
        asyncio.get_running_loop().add_reader(own, self._hear, made)
        return made

    def _report_ready(self) -> None:
        if not self._announced:
            self._announced = True
            self._announce()
            self._end_reload()
            self._settle()
        elif self._reloading and self._candidate is None:
            _LOGGER.info("All workers have the new code")
            self._end_reload()

    # Messages and ends of workers

    def _hear(self, member: Member) -> None:
        words = member.hear()
        if words is None:
            asyncio.get_running_loop().remove_reader(member.channel)
        elif "ready" in words:
            self._failures = 0
        if member is self._candidate:
            self._look_at_candidate(member)
        self._settle()

    def _reap(self) -> None:
        for member in [one for one in self._members if one.process.poll() is not None]:
            member.hear()
            asyncio.get_running_loop().remove_reader(member.channel)
            member.channel.close()
            self._members.remove(member)
            self._crew.ended(member.process.pid)
            self._end(member)
        if self._stopping and not self._members:
            self._done.set()
        self._settle()

    def _end(self, member: Member) -> None:
        """Decide what the end of a worker means."""
        if self._stopping:
            return
        if member is self._candidate:
            reason = member.failure or f"it ended {member.ending()}"
            _LOGGER.error("The new code cannot be served, and the old workers go on: %s", reason)
            self._candidate = None
            self._end_reload()
        elif member.phase is Phase.STOPPING:
            return
        elif member.phase is Phase.READY:
            _LOGGER.error("%s ended %s", member, member.ending())
            if member.lived < _SHORT:
                self._fail(f"it ended after {member.lived:.1f} s")
        elif not self._announced:
            self._code = max(1, member.process.returncode)
            self._stop_all()
        else:
            self._fail(member.failure or f"it ended {member.ending()}")

    def _fail(self, reason: str) -> None:
        """Wait before the next worker is created."""
        self._failures += 1
        pause = pause_after(self._failures, self._crew.retry)
        _LOGGER.error("A worker could not start, and the next one is created in %.1f s: %s", pause, reason)
        if self._pause is not None:
            self._pause.cancel()
        self._pause = asyncio.get_running_loop().call_later(pause, self._go_on)

    def _go_on(self) -> None:
        self._pause = None
        self._settle()

    # Reloads

    def _reload(self) -> None:
        if self._stopping:
            return
        if self._reloading or not self._announced:
            self._again = True
            return
        self._reloading, self._again = True, False
        _LOGGER.info("A worker with the new code is started")
        self._manager.reloading()
        for one in self._members:
            if one.phase is Phase.READY:
                # It reads its certificate again.
                one.send(signal.SIGHUP)
        self._candidate = self._create()
        if self._candidate is None:
            self._end_reload()

    def _look_at_candidate(self, candidate: Member) -> None:
        if candidate.phase is Phase.LOADED:
            candidate.start()
        elif candidate.phase is Phase.READY:
            self._candidate = None
            for one in self._members:
                if one.phase <= Phase.LOADED:
                    self._stop(one)
                elif one is not candidate:
                    one.due = True

    def _end_reload(self) -> None:
        self._reloading = False
        self._manager.ready()
        if self._again:
            self._reload()

    # The end

    def _stop(self, member: Member) -> None:
        member.stop()
        asyncio.get_running_loop().call_later(_LAST * self._crew.graceful, self._kill, member)

    def _kill(self, member: Member) -> None:
        if member.process.poll() is None:
            _LOGGER.error("%s did not end in time, and is killed", member)
            member.send(signal.SIGKILL)

    def _stop_all(self, number: int = 0) -> None:
        if self._stopping and number:
            for one in self._members:
                one.send(signal.SIGKILL)
            os._exit(128 + number)
        self._stopping = True
        self._manager.stopping()
        for listening in self._crew.sockets:
            listening.close()
        for one in self._members:
            self._stop(one)
        if not self._members:
            self._done.set()
