"""``framework shell``: an interactive session with the services of an app, and ``await`` at the top level."""

import ast
import asyncio
import code
import contextlib
import signal
import sys
import traceback
from collections.abc import Callable, Coroutine, Iterator
from importlib import import_module
from types import CodeType, FunctionType, TracebackType
from typing import Any

import click

from framework.app import App
from framework.cli.finding import load_app
from framework.cli.opening import opened_services
from framework.cli.reporting import reporting_errors
from framework.services import Services

__all__ = ("Console", "names_of", "shell")


@click.command()
@click.argument("app", required=False)
@click.option("--plain", is_flag=True, help="Use Python's own console, also if IPython is installed.")
def shell(app: str | None, *, plain: bool) -> None:
    """Start an interactive session with the services of the app; await is allowed.

    The singletons are opened at the beginning and closed at the end. IPython is used if it is installed.
    """
    with reporting_errors():
        found = load_app(app)
        run = None if plain or not sys.stdin.isatty() else _ipython()
        if run is None:
            click.get_current_context().exit(asyncio.run(_converse(found)))
        else:
            run(found)


def names_of(app: App, services: Services) -> dict[str, Any]:
    """Return the names of a session: ``app``, ``services``, ``get``, ``call``, and the registered types by name."""
    container = app._container  # noqa: SLF001  App has no public name for it
    registered = [] if container is None else [one.key for one in container.registrations()]
    types = {one.__name__: one for one in reversed(registered) if isinstance(one, type)}
    return {**types, "app": app, "services": services, "get": services.get, "call": services.call}


def _banner(names: dict[str, Any]) -> str:
    types = ", ".join(sorted(name for name, value in names.items() if isinstance(value, type)))
    lines = (
        f"Python {sys.version.split()[0]}. The services of the app are open; await is allowed.",
        "await get(T) returns a service, await call(function) calls one with its services.",
        *([f"Types: {types}"] if types else []),
    )
    return "\n".join(lines)


async def _converse(app: App) -> int:
    """Run the console in a thread, and its statements on this loop, where the services are open."""
    async with opened_services(app) as services:
        names = names_of(app, services)
        console = Console(names, asyncio.get_running_loop())
        with _interrupting(console.interrupt):
            return await asyncio.to_thread(console.converse, _banner(names) if sys.stdin.isatty() else "")


@contextlib.contextmanager
def _interrupting(interrupt: Callable[[], None]) -> Iterator[None]:
    """Let Ctrl+C interrupt the running statement instead of the session."""
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(signal.SIGINT, interrupt)
    except (NotImplementedError, RuntimeError):  # On Windows, or outside of the main thread.
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)


class Console(code.InteractiveConsole):
    """A console whose statements run on an event loop of another thread."""

    def __init__(self, names: dict[str, Any], loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(names)
        self._loop = loop
        self._running: asyncio.Task[Any] | None = None
        self.compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        if sys.stdin.isatty():
            _edit_lines(names)

    def raw_input(self, prompt: str = "") -> str:
        """Read a line; without a prompt, and to a silent end, if the input is not a terminal."""
        if sys.stdin.isatty():
            return super().raw_input(prompt)
        try:
            return super().raw_input("")
        except EOFError:
            raise SystemExit from None

    def converse(self, banner: str) -> int:
        """Run until the end of the input, or until ``exit()``; return the exit code."""
        try:
            self.interact(banner, "")
        except SystemExit as error:
            return error.code if isinstance(error.code, int) else int(error.code is not None)
        return 0

    def runcode(self, code: CodeType) -> None:
        """Run a statement, and print the traceback of its exception."""
        error = asyncio.run_coroutine_threadsafe(self._run(code), self._loop).result()
        if isinstance(error, SystemExit):
            raise error
        if isinstance(error, asyncio.CancelledError):
            self.write("\nInterrupted\n")
        elif error is not None:
            self.write("".join(traceback.format_exception(type(error), error, self._own_frames(error))))

    async def _run(self, code: CodeType) -> BaseException | None:
        """Return the exception of a statement; SystemExit would end the loop at once."""
        self._running = asyncio.current_task()
        try:
            result: Any = FunctionType(code, self.locals)()
            if isinstance(result, Coroutine):
                await result
        except BaseException as error:  # noqa: BLE001  all of them are shown
            return error
        finally:
            self._running = None
        return None

    def _own_frames(self, error: BaseException) -> TracebackType | None:
        """Return the traceback without the frames of this module."""
        frames = error.__traceback__
        while frames is not None and frames.tb_frame.f_code.co_filename != self.filename:
            frames = frames.tb_next
        return frames

    def interrupt(self) -> None:
        """Cancel the statement that runs, if one does."""
        if self._running is not None:
            self._running.cancel()


def _edit_lines(names: dict[str, Any]) -> None:
    """Give the console a history and completion, where Python has readline."""
    try:
        import readline
        import rlcompleter
    except ModuleNotFoundError:
        return
    readline.set_completer(rlcompleter.Completer(names).complete)
    readline.parse_and_bind("tab: complete")


def _ipython() -> Callable[[App], None] | None:
    """Return the function that runs IPython, ``None`` if it is not installed."""
    try:
        helpers: Any = import_module("IPython.core.async_helpers")
        application: Any = import_module("IPython.terminal.ipapp")
    except ModuleNotFoundError:
        return None

    def run(app: App) -> None:
        # IPython awaits on this loop, so the services are opened and closed on it.
        loop = helpers.get_asyncio_loop()
        opened = opened_services(app)
        services = loop.run_until_complete(opened.__aenter__())
        try:
            names = names_of(app, services)
            session = application.TerminalIPythonApp.instance(user_ns=names, display_banner=False)
            session.initialize(argv=[])
            click.echo(_banner(names))
            session.start()
        finally:
            loop.run_until_complete(opened.__aexit__(None, None, None))

    return run
