"""``framework run``: serves an app in production, in one process or in several."""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec
from click.core import ParameterSource
from msgspec import Struct

from framework._process.certificates import CertificateError, Certificates
from framework._process.options import RunOptions, WorkerSpec
from framework._process.service_manager import InheritedSocketsError, ServiceManager, inherited_sockets
from framework._process.settings import WrongSettingsError, read_worker_settings
from framework.cli.errors import ToolError
from framework.cli.listening import UnixSocket, open_sockets, url_of
from framework.cli.references import configured_reference
from framework.cli.reporting import IMPOSSIBLE, counted, reporting_errors

__all__ = ("run",)

_LOG_FORMAT = "%(levelname)s %(name)s: %(message)s"
_FILE = click.Path(exists=True, dir_okay=False)
_SECONDS = click.FloatRange(0)


def _refuse_reload(_: click.Context, __: click.Parameter, given: bool) -> None:
    if given:
        raise click.UsageError("--reload is not an option of framework run; framework dev reloads.")


@click.command()
@click.argument("app", required=False)
@click.option(
    "--host",
    envvar="HOST",
    show_envvar=True,
    help="The address to listen on.  [default: 127.0.0.1; 0.0.0.0 with $PORT]",
)
@click.option(
    "--port",
    default=8080,
    show_default=True,
    envvar="PORT",
    show_envvar=True,
    type=click.IntRange(0, 65535),
    help="0 is any free port.",
)
@click.option("--unix-socket", metavar="PATH", help="Listen on a Unix socket instead.")
@click.option(
    "--workers",
    envvar="WEB_CONCURRENCY",
    show_envvar=True,
    type=click.IntRange(1, 512),
    help="The number of worker processes, with a supervisor.  [default: one process alone]",
)
@click.option("--no-spare", is_flag=True, help="Do not keep one more worker that replaces the next one that ends.")
@click.option("--max-requests", default=0, type=click.IntRange(0), help="A worker is replaced after so many requests.")
@click.option(
    "--keep-alive", default=75.0, show_default=True, type=_SECONDS, help="The seconds that a connection idles."
)
@click.option(
    "--graceful-timeout",
    default=30.0,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="The seconds in which it stops, with all cleanup.",
)
@click.option("--shutdown-timeout", type=_SECONDS, hidden=True)
@click.option(
    "--timeout",
    default=30.0,
    show_default=True,
    type=_SECONDS,
    help="The seconds that the event loop may be blocked until the process is ended; 0 for any time.",
)
@click.option("--reload", is_flag=True, hidden=True, expose_value=False, callback=_refuse_reload)
@click.option("--certificate", type=_FILE, help="The file of a TLS certificate with its chain.")
@click.option("--key", type=_FILE, help="The file of its key, if that is another one.")
@click.pass_context
def run(ctx: click.Context, /, **given: Any) -> None:
    """Serve the app in production, until SIGTERM or SIGINT.

    SIGHUP loads new code if there are --workers, and reads the certificate again. Development uses framework dev.
    """
    with reporting_errors():
        explicit = {name for name in given if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE}
        if given["host"] is None:
            hosted = ctx.get_parameter_source("port") is ParameterSource.ENVIRONMENT
            given["host"] = "0.0.0.0" if hosted else "127.0.0.1"  # noqa: S104  platforms set $PORT, and expect it
        code = _run(msgspec.convert(given, _Given), explicit)
    ctx.exit(code)


class _Given(Struct, frozen=True, kw_only=True):
    """The options of the command line."""

    app: str | None
    host: str
    port: int
    unix_socket: str | None
    workers: int | None
    no_spare: bool
    max_requests: int
    keep_alive: float
    graceful_timeout: float
    shutdown_timeout: float | None
    timeout: float
    certificate: str | None
    key: str | None

    @property
    def graceful(self) -> float:
        """Return the graceful timeout; ``--shutdown-timeout``, its predecessor, was for requests alone."""
        if self.shutdown_timeout is None:
            return self.graceful_timeout
        return max(self.shutdown_timeout / 0.7, self.shutdown_timeout + 3)


def _run(given: _Given, explicit: set[str]) -> int:
    try:
        options = _options(given)
    except WrongSettingsError as error:
        click.echo(str(error), err=True)
        return IMPOSSIBLE
    if given.app is None:
        # Reports what is missing.
        configured_reference(Path.cwd())
    with _listening(given, explicit) as sockets:
        url = url_of(list(sockets), "https" if given.certificate else "http")
        if given.workers is None:
            return _run_alone(given, options, sockets, url)
        return _supervise(given, given.workers, options, sockets, url)


def _options(given: _Given) -> RunOptions:
    if given.key is not None and given.certificate is None:
        raise ToolError("--key is given without --certificate", hint="give both")
    if given.max_requests and given.workers is None:
        raise ToolError("--max-requests requires a supervisor", hint="add --workers 1")
    try:
        settings = read_worker_settings(os.environ, graceful=given.graceful, timeout=given.timeout)
        if given.certificate is not None:
            Certificates(given.certificate, given.key)
    except CertificateError as error:
        raise ToolError(str(error), hint="give the files with --certificate and --key") from error
    return RunOptions(
        graceful=given.graceful,
        timeout=given.timeout,
        keepalive=given.keep_alive,
        max_requests=given.max_requests,
        certificate=given.certificate,
        key=given.key,
        settings=settings,
    )


@contextmanager
def _listening(given: _Given, explicit: set[str]) -> Iterator[Sequence[socket.socket]]:
    """Open the sockets, or take those of systemd."""
    try:
        inherited = inherited_sockets(os.environ)
    except InheritedSocketsError as error:
        raise ToolError(str(error), hint="pass stream sockets that listen, as a .socket unit does") from error
    wanted = [f"--{name.replace('_', '-')}" for name in ("host", "port", "unix_socket") if name in explicit]
    if inherited and wanted:
        raise ToolError(f"{wanted[0]} is given, and systemd has passed sockets", hint="leave one of them out")
    if given.unix_socket is not None and len(wanted) > 1:
        raise ToolError(f"{wanted[0]} and --unix-socket are given", hint="leave one of them out")
    if inherited:
        yield inherited
    elif given.unix_socket is None:
        sockets = open_sockets(given.host, given.port)
        try:
            yield sockets
        finally:
            for one in sockets:
                one.close()
    else:
        opened = UnixSocket(given.unix_socket)
        try:
            yield [opened.socket]
        finally:
            opened.remove()


def _service_manager() -> ServiceManager:
    """Return the connection to systemd, which is not for programs that the app starts."""
    manager = ServiceManager(os.environ)
    os.environ.pop("NOTIFY_SOCKET", None)
    return manager


def _run_alone(given: _Given, options: RunOptions, sockets: Sequence[socket.socket], url: str) -> int:
    # Imported late: a supervisor does not import what serves.
    from framework._process.served import ServedProcess, run_alone
    from framework.cli.finding import load_application

    manager = _service_manager()

    def announce() -> None:
        manager.ready()
        click.echo(f"Serving at {url} in one process. Press Ctrl+C to stop.")

    process = ServedProcess(options, sockets, ready=announce, stopping=manager.stopping)
    run_alone(process, lambda: load_application(given.app))
    return 0


def _supervise(given: _Given, count: int, options: RunOptions, sockets: Sequence[socket.socket], url: str) -> int:
    from framework._process.supervisor import Crew, Supervisor

    logging.basicConfig(level=logging.INFO, format=_LOG_FORMAT)
    crew = Crew(
        command=_command_for(given, options, sockets),
        sockets=tuple(sockets),
        folder=_current_folder(),
        count=count,
        spare=not given.no_spare,
        graceful=given.graceful,
        retry=options.settings.retry,
        ended=_metrics_of_ended(),
    )

    def announce() -> None:
        click.echo(f"Serving at {url} with {counted(count, 'worker')}. Press Ctrl+C to stop.")

    return asyncio.run(Supervisor(crew, announce, _service_manager()).run())


def _metrics_of_ended() -> Callable[[int], None]:
    """Prepare the folder that the metrics of several processes share; return what is called after each has ended."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return lambda _: None
    from framework.telemetry import mark_worker_dead, prepare_metrics_folder

    prepare_metrics_folder()
    return mark_worker_dead


def _command_for(
    given: _Given, options: RunOptions, sockets: Sequence[socket.socket]
) -> Callable[[int, bool], list[str]]:
    numbers = tuple(one.fileno() for one in sockets)
    # Workers find modules as this process does: the command does not search the current folder, "python -m" does.
    safe = [] if {"", str(Path.cwd())} & {*sys.path} else ["-P"]

    warning = iter([(given.workers or 1) > 1])

    def command(channel: int, first: bool) -> list[str]:
        spec = WorkerSpec(
            reference=given.app,
            sockets=numbers,
            channel=channel,
            first=first,
            # The first that is created, not each that begins before all serve.
            warns=next(warning, False),
            options=options,
        )
        return [sys.executable, *safe, "-m", "framework.cli.worker_process", msgspec.json.encode(spec).decode()]

    return command


def _current_folder() -> str:
    """Return the current folder by the name by which it was entered: a deployment may switch a link."""
    # Containers and service managers set no PWD, and a program may have left that of another folder.
    named, current = Path(os.environ.get("PWD", "")), Path.cwd()
    return str(named if named.is_absolute() and named.is_dir() and named.samefile(current) else current)
