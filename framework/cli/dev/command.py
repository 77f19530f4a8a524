"""``framework dev``: the click command."""

import asyncio
import os
from importlib.util import find_spec
from pathlib import Path

import click

from framework.cli.errors import ToolError
from framework.cli.listening import open_sockets, url_of
from framework.cli.references import configured_reference
from framework.cli.reporting import reporting_errors

__all__ = ("dev",)


@click.command()
@click.argument("app", required=False)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0 is any free port.")
@click.option(
    "--watch",
    "watched",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder that is watched as well; may be repeated.",
)
@click.option("--no-preload", is_flag=True, help="Import installed packages anew at each reload.")
def dev(app: str | None, *, host: str, port: int, watched: tuple[Path, ...], no_preload: bool) -> None:
    """Serve the app for development: it reloads when a file changes, and shows errors in the browser."""
    with reporting_errors():
        _require()
        folder = Path.cwd()
        reference, root = configured_reference(folder) if app is None else (app, folder)
        folders = tuple(dict.fromkeys((str(root), str(folder))))
        sockets = open_sockets(host, port)
        # Imported late: they need watchfiles.
        from framework.cli.dev.messages import Spec
        from framework.cli.dev.supervisor import Supervisor

        spec = Spec(reference=reference, folders=folders, sockets=tuple(one.fileno() for one in sockets), host=host)
        paths = sorted({os.path.realpath(one) for one in (*folders, *map(str, watched))})
        supervisor = Supervisor(spec, url_of(sockets), paths, preload=not no_preload)
        asyncio.run(supervisor.run())


def _require() -> None:
    if find_spec("watchfiles") is None:
        raise ToolError("watchfiles is not installed", hint="pip install 'framework-aiohttp[dev]'")
    if not hasattr(os, "fork"):
        raise ToolError("framework dev requires fork()", hint="use Linux, macOS, or WSL on Windows")
