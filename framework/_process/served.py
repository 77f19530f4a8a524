"""One process of ``framework run``, alone or as a worker of a supervisor."""

import asyncio
import contextlib
import faulthandler
import logging
import os
import random
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn, TypeAlias

from aiohttp import web

from framework._process.certificates import Certificates
from framework._process.options import RunOptions
from framework._process.server import GracefulServer
from framework._process.serving import BEAT, STACKS, Serving, new_loop

__all__ = ("Load", "Served", "ServedProcess", "leave_at_once", "run_alone")

_LOGGER = logging.getLogger("framework")
_STOPPING = (signal.SIGINT, signal.SIGTERM)
_JITTER = 0.1
"""The part of the limit of requests by which workers differ."""

Served: TypeAlias = tuple[web.Application, logging.Logger | None]
"""An application, and the log of its requests."""
Load: TypeAlias = Callable[[], Served]


class ServedProcess:
    """Serves until it is stopped.

    ``ready`` is called when connections are accepted, ``stopping`` when the stop begins, and ``spent`` once after as
    many requests as the options allow.
    """

    def __init__(
        self,
        options: RunOptions,
        sockets: Sequence[socket.socket],
        *,
        ready: Callable[[], None],
        stopping: Callable[[], None],
        spent: Callable[[], None] = lambda: None,
    ) -> None:
        self._options = options
        self._sockets = sockets
        self._ready, self._stopping, self._spent = ready, stopping, spent
        self._serving = Serving(options.settings, graceful=options.graceful)
        self._certificates = Certificates(options.certificate, options.key) if options.certificate else None
        self._left = options.max_requests * (1 + random.uniform(0, _JITTER))  # noqa: S311  not a secret

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Limit the time of imports; a signal to stop ends the process."""
        faulthandler.enable(STACKS)
        self._serving.begin_start()
        before = {one: signal.signal(one, lambda *_: leave_at_once()) for one in _STOPPING}
        try:
            yield
        except BaseException:
            for one, handler in before.items():
                signal.signal(one, handler)
            raise
        finally:
            faulthandler.cancel_dump_traceback_later()

    def stop(self) -> None:
        """Begin the stop."""
        self._serving.stopped.set()

    def read_certificate(self) -> None:
        """Read the TLS certificate again."""
        if self._certificates is not None:
            self._certificates.reload()

    async def run(self, served: Served) -> None:
        """Start, serve until ``stop()``, and stop; raises what the application raises when it starts."""
        self._serving.begin_start()
        server = await self._serving.start(self._start(*served), self._stopping)
        if server is None:
            return
        beating = asyncio.create_task(self._beat())
        try:
            self._ready()
            with self._serving.watching():
                while not await self._serving.wait():
                    self._look(server)
            self._stopping()
            await self._serving.stop(server)
        finally:
            beating.cancel()
            faulthandler.cancel_dump_traceback_later()

    async def _start(self, application: web.Application, access_log: logging.Logger | None) -> GracefulServer:
        server = GracefulServer(application, keepalive_timeout=self._options.keepalive, access_log=access_log)
        context = None if self._certificates is None else self._certificates.context
        await server.start(self._sockets, ssl_context=context)
        return server

    async def _beat(self) -> None:
        """Let a thread of C end the process, with the stacks of all threads, when the event loop is blocked."""
        while self._options.timeout:
            faulthandler.dump_traceback_later(self._options.timeout, exit=True, file=STACKS)
            await asyncio.sleep(BEAT)

    def _look(self, server: GracefulServer) -> None:
        if self._certificates is not None:
            self._certificates.look()
        if 0 < self._left <= server.requests:
            self._left = 0
            self._spent()


def run_alone(process: ServedProcess, load: Load) -> None:
    """Serve in the calling process until SIGTERM or SIGINT; the second one ends it at once.

    Raises what the application raises when it is loaded and started.
    """
    with process.loading():
        served = load()
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(_run_alone(process, served))


async def _run_alone(process: ServedProcess, served: Served) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        process.stop()
        for one in _STOPPING:
            loop.add_signal_handler(one, leave_at_once, 128 + one)

    def reload() -> None:
        process.read_certificate()
        _LOGGER.warning("SIGHUP does not load new code into one process: use framework run --workers 1")

    for one in _STOPPING:
        loop.add_signal_handler(one, stop)
    loop.add_signal_handler(signal.SIGHUP, reload)
    await process.run(served)


def leave_at_once(code: int = 0) -> NoReturn:
    """End the process without any cleanup."""
    output: Any
    for output in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            output.flush()
    os._exit(code)
