"""A worker process of ``framework run --workers``; its supervisor talks to it through a socket.

It writes lines: ``loaded``, ``ready``, ``spent`` (it must be replaced), ``stopping``, and ``failed`` with the reason.
It reads one byte, the command to start. The end of the connection is the end of the supervisor.
"""

import asyncio
import contextlib
import os
import signal
import socket
import traceback
from collections.abc import Callable

from framework._channels.workers import mark_siblings
from framework._process.loading import describe_failure
from framework._process.options import WorkerSpec
from framework._process.served import Load, Served, ServedProcess
from framework._process.serving import new_loop

__all__ = ("run_worker",)


def run_worker(spec: WorkerSpec, load: Load, describe: Callable[[Exception], str]) -> int:
    """Load the application, wait until it must start, and serve; return the exit code.

    ``describe`` returns an error of loading in one line. The first worker of a supervisor raises it.
    """
    for one in (spec.channel, *spec.sockets):
        os.set_inheritable(one, False)  # noqa: FBT003  by position
    if spec.warns:
        mark_siblings()
    return _Worker(spec, socket.socket(fileno=spec.channel)).run(load, describe)


class _Worker:
    def __init__(self, spec: WorkerSpec, channel: socket.socket) -> None:
        self._spec = spec
        self._channel = channel
        self._process = ServedProcess(
            spec.options,
            [socket.socket(fileno=one) for one in spec.sockets],
            ready=lambda: self._tell("ready"),
            stopping=lambda: self._tell("stopping"),
            spent=lambda: self._tell("spent"),
        )

    def run(self, load: Load, describe: Callable[[Exception], str]) -> int:
        with self._process.loading():
            # A signal of the terminal is for the supervisor. A program that the app starts would inherit SIG_IGN.
            signal.signal(signal.SIGINT, lambda *_: None)
            signal.signal(signal.SIGHUP, lambda *_: None)
            try:
                served = load()
            except Exception as error:
                self._tell(f"failed {describe(error)}")
                if self._spec.first:
                    raise
                return 1
        self._tell("loaded")
        if not self._channel.recv(1):
            return 0
        with asyncio.Runner(loop_factory=new_loop) as runner:
            return runner.run(self._serve(served))

    async def _serve(self, served: Served) -> int:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._process.stop)
        loop.add_signal_handler(signal.SIGINT, lambda: None)
        loop.add_signal_handler(signal.SIGHUP, self._process.read_certificate)
        self._channel.settimeout(0)
        loop.add_reader(self._channel, self._follow)
        try:
            await self._process.run(served)
        except Exception as error:  # noqa: BLE001  reported
            self._tell(f"failed {describe_failure(error)}")
            if self._spec.first:
                traceback.print_exc()
            return 1
        return 0

    def _follow(self) -> None:
        """Stop when the supervisor has ended."""
        try:
            if self._channel.recv(64):
                return
        except BlockingIOError:
            return
        except ConnectionError:
            pass
        asyncio.get_running_loop().remove_reader(self._channel)
        self._process.stop()

    def _tell(self, line: str) -> None:
        with contextlib.suppress(OSError):
            self._channel.sendall(f"{line}\n".encode())
