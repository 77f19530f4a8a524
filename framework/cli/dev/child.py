"""A child of ``framework dev``: it imports the app, serves it, and ends on request or when the supervisor has ended."""

import asyncio
import contextlib
import importlib
import linecache
import logging
import os
import socket
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.web_log import AccessLogger

import framework
from framework.app import App
from framework.cli.access_logs import access_log_of
from framework.cli.dev.development import OWN, Development, failure_application
from framework.cli.dev.failures import INSTALLED, describe_failure
from framework.cli.dev.messages import (
    Broken,
    Failed,
    Failure,
    Loaded,
    Ready,
    Serve,
    Spec,
    Start,
    Stop,
    Stopped,
    ToChild,
    connect,
    encode,
    receive,
    send,
)
from framework.cli.errors import ToolError
from framework.cli.finding import is_absent, load_served
from framework.jobs import working_in_process
from framework.openapi import OpenAPI

__all__ = ("docs_of", "run_child")

_SHUTDOWN = 5.0
"""Seconds that running requests have when a child stops; then they are cancelled."""
_ARRIVING = 0.02
"""Seconds in which the requests of connections that were just accepted arrive."""
_ACCESS_FORMAT = '"%r" %s, %Tf s'
_LOG_FORMAT = "%(levelname)s %(name)s: %(message)s"
_DOCS = OpenAPI().docs_path
_FRAMEWORK = f"{Path(framework.__file__).resolve().parent}{os.sep}"


def run_child(spec: Spec, start: Start, channel: socket.socket) -> None:
    """Load the app and serve it until the supervisor stops it."""
    _prepare(start)
    modules = _Modules()
    application, app, failed = None, None, None
    if start.failure is None:
        try:
            application, app = _load(spec)
        except BaseException as error:  # noqa: BLE001  also SystemExit: it is shown
            failed = Failed(describe_failure(_reason(error)), _missing(spec, error), modules.installed())
    logs_access = _configure_logging()
    if application is not None:
        send(channel, Loaded(docs_of(application, app)))
    elif failed is not None:
        send(channel, failed)
        if not start.alone:
            return
    failure = start.failure if failed is None else failed.failure
    asyncio.run(_Child(spec, start, channel, modules, logs_access=logs_access).run(application, app, failure))


def _prepare(start: Start) -> None:
    importlib.invalidate_caches()
    linecache.checkcache()
    # A file that changes twice in a second, and keeps its size, would be read from the bytecode of its first change.
    sys.dont_write_bytecode = sys.dont_write_bytecode or start.number > 1


def _load(spec: Spec) -> tuple[web.Application, App | None]:
    for folder in reversed(spec.folders):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    with working_in_process():
        found = load_served(spec.reference, folder=Path(spec.folders[-1]))
        return (found.build(), found) if isinstance(found, App) else (found, None)


def _reason(error: BaseException) -> BaseException:
    """Return the exception of the app, if there is one behind the error of the command."""
    return error.__cause__ if isinstance(error, ToolError) and error.__cause__ is not None else error


def _missing(spec: Spec, error: BaseException) -> tuple[str, str] | None:
    """Return an error and its hint if it means that there is no such app."""
    if not isinstance(error, ToolError):
        return None
    module, cause = spec.reference.partition(":")[0], error.__cause__
    return (error.what, error.hint) if cause is None or is_absent(module, cause) else None


class _Modules:
    """The modules that the app imports; those that are there before it are from the warm process."""

    def __init__(self) -> None:
        self._warm = frozenset(sys.modules)

    def installed(self) -> tuple[str, ...]:
        """Return the modules of installed packages and of the framework that the app has imported."""
        return tuple(name for name in list(sys.modules) if name not in self._warm and _is_installed(name))


def _is_installed(name: str) -> bool:
    module = sys.modules[name]
    file = getattr(module, "__file__", None)
    known = getattr(getattr(module, "__spec__", None), "name", None)
    return isinstance(file, str) and known == name and os.path.realpath(file).startswith((*INSTALLED, _FRAMEWORK))


def _configure_logging() -> bool:
    """Log to the terminal unless the app has configured logging; return whether requests are logged."""
    if logging.getLogger().handlers:
        return False
    logging.basicConfig(level=logging.INFO, format=_LOG_FORMAT)
    return True


def docs_of(application: web.Application, app: App | None) -> str | None:
    """Return the path of Swagger UI if a browser can open it, which has no credentials for a guard."""
    if not any(one.canonical == _DOCS for one in application.router.resources()):
        return None
    return None if app is not None and _guards_docs(app) else _DOCS


def _guards_docs(app: App) -> bool:
    place, documents = app._place, app._openapi  # noqa: SLF001  App has no public names for what it was given
    settings = next((one for one in documents if one.docs_path == _DOCS), None)
    if settings is None:
        return False
    by_default = place.default_guard is not None and not settings.is_public
    return by_default or bool(settings.guards) or any(level.guards for level in place.levels)


class _AccessLogger(AccessLogger):
    """Logs the requests of the app, and not those of its pages to the reserved path."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Log a request."""
        if not request.path.startswith(OWN):
            super().log(request, response, time)


class _Child:
    """Serves one version of the app."""

    def __init__(
        self, spec: Spec, start: Start, channel: socket.socket, modules: _Modules, *, logs_access: bool
    ) -> None:
        self._spec = spec
        self._alone = start.alone
        self._channel = channel
        self._modules = modules
        self._logs_access = logs_access
        self._development: Development | None = None
        self._serve = asyncio.Event()
        self._stop = asyncio.Event()

    async def run(self, application: web.Application | None, app: App | None, failure: Failure | None) -> None:
        """Open the services, serve, and close the services."""
        reader, self._writer = await connect(self._channel)
        following = asyncio.create_task(self._follow(reader))
        try:
            if application is not None:
                self._development = Development(self._spec.host, app)
                self._development.install(application)
                failure = await self._until_stopped(self._try(application, app))
            if failure is not None and (self._alone or application is None):
                shown = Development(self._spec.host, failure=failure)
                await self._until_stopped(self._try(failure_application(failure, shown)))
        finally:
            following.cancel()

    async def _follow(self, reader: asyncio.StreamReader) -> None:
        async for message in receive(reader, ToChild):
            if isinstance(message, Serve):
                self._serve.set()
            elif isinstance(message, Broken) and self._development is not None:
                self._development.report(message.failure)
            elif isinstance(message, Stop):
                self._stop.set()
        # The supervisor has ended.
        self._stop.set()

    async def _until_stopped(self, work: Coroutine[Any, Any, Failure | None]) -> Failure | None:
        """Run until it ends, or cancel it if the child is stopped before it serves."""
        task = asyncio.create_task(work)
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done() and not self._serve.is_set():
            task.cancel()
        stopping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            return await task
        return None

    async def _try(self, application: web.Application, app: App | None = None) -> Failure | None:
        """Serve until the child is stopped; return why the application could not be started."""
        runner = web.AppRunner(
            application,
            handle_signals=False,
            access_log=access_log_of(app) if self._logs_access else None,
            access_log_class=_AccessLogger,
            access_log_format=_ACCESS_FORMAT,
            shutdown_timeout=_SHUTDOWN,
        )
        try:
            await runner.setup()
        except BaseException as error:
            await runner.cleanup()
            if isinstance(error, asyncio.CancelledError):
                raise
            failure = describe_failure(error)
            await self._send(Failed(failure, None, self._modules.installed()))
            return failure
        await self._send(Ready(self._modules.installed()))
        await self._serve_until_stopped(runner)
        return None

    async def _serve_until_stopped(self, runner: web.AppRunner) -> None:
        try:
            await self._serve.wait()
            sites = [web.SockSite(runner, socket.socket(fileno=one)) for one in self._spec.sockets]
            for site in sites:
                await site.start()
            await self._stop.wait()
            for site in sites:
                await site.stop()
            await self._send(Stopped())
            await asyncio.sleep(_ARRIVING)
        finally:
            await runner.cleanup()

    async def _send(self, message: Any) -> None:
        self._writer.write(encode(message))
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()
