"""The worker for gunicorn: ``gunicorn shop.main:app --worker-class framework.worker.Worker``."""

import asyncio
import contextlib
import faulthandler
import os
import re
import signal
import sys
import time
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from aiohttp.web_log import AccessLogger
from gunicorn.config import AccessLogFormat  # type: ignore[import-untyped]  # gunicorn has no types
from gunicorn.sock import ssl_context  # type: ignore[import-untyped]  # as above
from gunicorn.workers.base import Worker as GunicornWorker  # type: ignore[import-untyped]  # as above

from framework._process.board import Board, State
from framework._process.handover import Handover, may_recycle
from framework._process.loading import application_of, describe_failure
from framework._process.pauses import pause_after
from framework._process.server import GracefulServer
from framework._process.serving import BEAT, Serving, new_loop
from framework._process.settings import WorkerSettings, read_worker_settings

__all__ = ("Worker",)

_LOOK = 0.05
"""Seconds between two looks at the successors of a worker that has received SIGTERM."""
_STOPPED = 0
_AGAIN = 1
"""The exit code after which gunicorn starts a new worker."""


class Worker(GunicornWorker):  # type: ignore[misc]  # gunicorn has no types
    """Serves an App, an aiohttp application, or a function that makes one.

    It stops without losing requests, in gunicorn's graceful timeout; see ``docs/how-to/deploy.md``. It is configured by
    gunicorn's settings and by environment variables that begin with ``FRAMEWORK_WORKER_``.
    """

    board: ClassVar[Board | None] = None

    @classmethod
    def check_config(cls, cfg: Any, _log: Any) -> None:
        """Check the settings before any worker starts; raises RuntimeError, which gunicorn prints."""
        _read_settings(cfg)
        _access_format(cfg)

    def __init__(self, age: int, *args: Any) -> None:
        """Called in the master, before the process is forked; the parameters are gunicorn's."""
        super().__init__(age, *args)
        if Worker.board is None:
            Worker.board = Board()
        self._board = Worker.board
        self._board.add(age)

    def init_process(self) -> None:
        """Import what is served, and serve it until a signal or a limit ends it."""
        self._importing = False
        self._board.set(self.age, State.STARTING)
        self._settings = WorkerSettings()
        try:
            self._settings = _read_settings(self.cfg)
        except RuntimeError as error:
            self._leave(error)
        self._serving = Serving(self._settings, graceful=self.cfg.graceful_timeout)
        self._stopped = self._serving.stopped
        # Gunicorn looks for heartbeats after the first one only.
        self._serving.begin_start()
        super().init_process()

    def init_signals(self) -> None:
        """Handle signals from the beginning, also while the application is imported."""
        for one in self.SIGNALS:
            signal.signal(one, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, self.handle_exit)
        signal.signal(signal.SIGINT, self.handle_quit)
        signal.signal(signal.SIGQUIT, self.handle_quit)
        signal.signal(signal.SIGUSR1, self.handle_usr1)
        signal.signal(signal.SIGABRT, self.handle_abort)
        for one in (signal.SIGTERM, signal.SIGUSR1):
            signal.siginterrupt(one, False)  # noqa: FBT003  by position
        # Writes what each thread does when gunicorn kills a worker whose loop is blocked; then handle_abort is called.
        faulthandler.enable()

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Stop, as soon as successors that are starting have started; at once during an import."""
        super().handle_exit(sig, frame)
        self._stopped.set()
        if self._importing:
            self._board.set(self.age, State.STOPPING)
            sys.exit(_STOPPED)

    def handle_quit(self, sig: int, frame: Any) -> None:  # noqa: ARG002  as in gunicorn
        """Stop quickly."""
        self.alive = False
        self._serving.quick = True
        self.cfg.worker_int(self)
        self._stopped.set()

    def load_wsgi(self) -> None:
        """Import what is served."""
        self._importing = True
        try:
            super().load_wsgi()
        except Exception as error:  # noqa: BLE001  logged, or raised again
            self._leave(error)
        self._importing = False

    def run(self) -> None:
        """Serve; ends the process."""
        # Set when it serves: until then, gunicorn takes an error for a failed start.
        self.booted = False
        loop = new_loop()
        asyncio.set_event_loop(loop)
        try:
            code = loop.run_until_complete(self._serve(loop))
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            loop.close()
        sys.exit(code)

    async def _serve(self, loop: asyncio.AbstractEventLoop) -> int:
        for one, handle in (
            (signal.SIGTERM, self.handle_exit),
            (signal.SIGINT, self.handle_quit),
            (signal.SIGQUIT, self.handle_quit),
            (signal.SIGUSR1, self.handle_usr1),
        ):
            loop.add_signal_handler(one, partial(handle, one, None))
        beating = asyncio.create_task(self._beat())
        try:
            try:
                server = await self._start()
            except Exception as error:
                if not self._board.was_ready:
                    raise
                return await self._wait_after(error)
            if server is not None:
                await self._work(server)
                await self._stop(server)
        finally:
            beating.cancel()
        self._board.set(self.age, State.STOPPING)
        return _STOPPED

    async def _beat(self) -> None:
        while True:
            self.notify()
            await asyncio.sleep(BEAT)

    async def _start(self) -> GracefulServer | None:
        return await self._serving.start(self._start_server(), lambda: self._board.set(self.age, State.STOPPING))

    async def _start_server(self) -> GracefulServer:
        application = await application_of(self.wsgi)
        server = GracefulServer(
            application,
            logger=self.log,
            keepalive_timeout=self.cfg.keepalive,
            access_log=self.log.access_log if self.cfg.accesslog else None,
            access_log_format=_access_format(self.cfg),
        )
        listeners: Any = self.sockets
        context = ssl_context(self.cfg) if self.cfg.is_ssl else None
        await server.start([one.sock for one in listeners], ssl_context=context, backlog=self.cfg.backlog)
        return server

    async def _work(self, server: GracefulServer) -> None:
        """Serve until the worker must stop."""
        self.booted = True
        self._board.set(self.age, State.READY)
        with self._serving.watching():
            while not self._must_leave(server):
                if await self._serving.wait() and not await self._may_stop():
                    self._stopped.clear()
                    self.alive = True

    def _must_leave(self, server: GracefulServer) -> bool:
        if not self.alive:
            return True
        if self.ppid != os.getppid():
            self.log.info("Parent changed, shutting down: %s", self)
            return True
        if server.requests >= self.max_requests and may_recycle(self._board, self.age):
            self.log.info("Max requests, shutting down: %s", self)
            return True
        return False

    async def _may_stop(self) -> bool:
        """Wait until successors that are starting serve; return whether the worker may stop."""
        handover = Handover(self._board, self.age)
        while not self._serving.quick and not handover.is_decided:  # noqa: ASYNC110  other processes decide it
            await asyncio.sleep(_LOOK)
        if self._serving.quick or not handover.has_failed:
            return True
        self.log.warning("The new workers could not start: %s goes on", self)
        return False

    async def _stop(self, server: GracefulServer) -> None:
        self._board.set(self.age, State.STOPPING)
        await self._serving.stop(server)

    def _pause(self, error: BaseException) -> float:
        """Log an error of the start; return the seconds until the next attempt."""
        failures = self._board.fail(self.age)
        pause = pause_after(failures, self._settings.retry)
        self.log.error("%s could not start, and ends in %.1f s: %s", self, pause, describe_failure(error))
        return pause

    async def _wait_after(self, error: BaseException) -> int:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._pause(error)):
                await self._stopped.wait()
        if not self._stopped.is_set():
            return _AGAIN
        self._board.set(self.age, State.STOPPING)
        return _STOPPED

    def _leave(self, error: BaseException) -> None:
        """End the process after a failed import, to be started again; raises the error if no worker has ever served."""
        if not self._board.was_ready:
            raise error
        self._importing = False
        faulthandler.cancel_dump_traceback_later()
        end = time.monotonic() + self._pause(error)
        while time.monotonic() < end and self.alive:
            self.notify()
            time.sleep(_LOOK)
        if not self.alive:
            self._board.set(self.age, State.STOPPING)
        sys.exit(_AGAIN if self.alive else _STOPPED)


def _read_settings(cfg: Any) -> WorkerSettings:
    environ: Mapping[str, str] = {**os.environ, **cfg.env}
    return read_worker_settings(environ, graceful=cfg.graceful_timeout, timeout=cfg.timeout)


def _access_format(cfg: Any) -> str:
    """Return the format of aiohttp's access log; raises RuntimeError for one of gunicorn's."""
    written: str = cfg.access_log_format
    if written == AccessLogFormat.default:
        return AccessLogger.LOG_FORMAT
    if re.search(r"%\([^)]+\)", written):
        raise RuntimeError(
            f"access_log_format={written!r} is a format of gunicorn's.\n  Hint: write one of aiohttp's, such as "
            f"{AccessLogger.LOG_FORMAT!r}, or use framework.telemetry.AccessLog."
        )
    return written
