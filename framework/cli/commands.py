"""The commands, as click has them: each reads its words, calls a plain function and says how it went."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from framework._compiler.raising import TRACEBACK
from framework.app import App
from framework.cli.changes import Severity
from framework.cli.changes_operations import compare_documents
from framework.cli.documents import (
    DocumentFormat,
    asyncapi_of,
    differences,
    document_of,
    read_document,
    render_document,
)
from framework.cli.errors import ToolError
from framework.cli.finding import is_definition_error, load_app
from framework.cli.routes import routes_table
from framework.errors import DefinitionError

__all__ = ("asyncapi", "check", "client", "openapi", "routes")

_WRONG = 1
_IMPOSSIBLE = 2
_SHOWN = 2
_FILE = click.Path(dir_okay=False, path_type=Path)
_OUTPUT = click.option("--output", "-o", type=_FILE, help="The file to write; else the text is printed.")
_FORMAT = click.option(
    "--format", "kind", type=click.Choice(["json", "yaml"]), help="Else as the file is called; else JSON."
)
_CHECK = click.option("--check", "kept", type=_FILE, help="Write nothing; fail when this file is not current.")


@contextmanager
def _told() -> Iterator[None]:
    """Tell what went wrong in the shortest way, and leave with the right exit code."""
    try:
        yield
    except ToolError as error:
        click.echo(f"Error: {error}.", err=True)
        click.get_current_context().exit(_IMPOSSIBLE)
    except ExceptionGroup as group:
        if not is_definition_error(group) or os.environ.get(TRACEBACK):
            raise
        mistakes = list(_mistakes(group))
        for one in mistakes:
            click.echo(str(one), err=True)
        click.echo(f"{_counted(len(mistakes), 'mistake')} in the application.", err=True)
        click.get_current_context().exit(_WRONG)


def _mistakes(group: BaseExceptionGroup[Any]) -> Iterator[DefinitionError]:
    for one in group.exceptions:
        if isinstance(one, BaseExceptionGroup):
            yield from _mistakes(one)
        else:
            yield one


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


@click.command()
@click.argument("app", required=False)
def check(app: str | None) -> None:
    """Build the app and tell every mistake in it, all at once."""
    with _told():
        found = load_app(app)
        found.build()
        click.echo(f"No mistakes; {_counted(len(found.routes()), 'route')}.")


@click.command()
@click.argument("app", required=False)
def routes(app: str | None) -> None:
    """List what the app answers: method, path, handler, and the name for url_for."""
    with _told():
        click.echo(routes_table(load_app(app)), nl=False)


# Documents


class _DefaultGroup(click.Group):
    """A group whose first command needs no name: ``framework openapi`` is ``framework openapi write``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the name in where it is left out."""
        if not args or args[0] not in {*self.commands, *ctx.help_option_names}:
            args = ["write", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_DefaultGroup)
def openapi() -> None:
    """Write, check and compare OpenAPI documents.

    ``framework openapi [APP]`` is ``framework openapi write [APP]``.
    """


@openapi.command()
@click.argument("app", required=False)
@_OUTPUT
@_CHECK
@_FORMAT
@click.option("--path", help="Which document, where the app has several: /internal/openapi.json.")
def write(
    app: str | None, output: Path | None, kept: Path | None, kind: DocumentFormat | None, path: str | None
) -> None:
    """Write the app's document, or check that a file has it.

    --check compares what the documents say; how they are laid out does not count.
    """
    with _told():
        document = document_of(load_app(app), path)
        if kept is not None:
            _refuse_stale(kept, list(differences(read_document(kept), document)))
            return
        _hand_out(render_document(document, kind or _guessed(output)), output)


@openapi.command()
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
def diff(old: Path, new: Path) -> None:
    """List what changed from one document to another; fail when it breaks clients of the old one."""
    with _told():
        changes = compare_documents(read_document(old), read_document(new))
    for one in changes:
        click.echo(str(one))
    breaking = sum(one.severity is Severity.BREAKING for one in changes)
    click.echo(f"{_counted(len(changes), 'change')}, {breaking} of them breaking.", err=True)
    if breaking:
        click.get_current_context().exit(_WRONG)


@click.command()
@click.argument("app", required=False)
@_OUTPUT
@_CHECK
@_FORMAT
@click.option("--path", help="Which document, where the app has several: /internal/asyncapi.json.")
def asyncapi(
    app: str | None, output: Path | None, kept: Path | None, kind: DocumentFormat | None, path: str | None
) -> None:
    """Write the AsyncAPI document of web sockets and event streams, or check that a file has it.

    --check compares what the documents say; how they are laid out does not count.
    """
    with _told():
        document = asyncapi_of(load_app(app), path)
        if kept is not None:
            _refuse_stale(kept, list(differences(read_document(kept, "AsyncAPI"), document)))
            return
        _hand_out(render_document(document, kind or _guessed(output)), output)


def _guessed(output: Path | None) -> DocumentFormat:
    return "yaml" if output is not None and output.suffix in {".yaml", ".yml"} else "json"


def _refuse_stale(kept: Path, found: list[str]) -> None:
    if not found:
        click.echo(f"{kept} is current.")
        return
    click.echo(f"{kept} is not current:", err=True)
    for one in found[:_SHOWN]:
        click.echo(f"  {one}", err=True)
    if len(found) > _SHOWN:
        click.echo(f"  and {_counted(len(found) - _SHOWN, 'more difference')}", err=True)
    click.get_current_context().exit(_WRONG)


def _hand_out(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ToolError(f"{output} cannot be written: {error.strerror}", hint="name another file") from error
    click.echo(f"{output} is written.", err=True)


# Clients


@click.group()
def client() -> None:
    """Write a client of the app, or of any OpenAPI 3.1 document in a file."""


@client.command()
@click.argument("source", metavar="[APP|FILE]", required=False)
@_OUTPUT
@_CHECK
@click.option("--path", help="Which document, where the app has several.")
def python(source: str | None, output: Path | None, kept: Path | None, path: str | None) -> None:
    """Write a typed module for aiohttp and msgspec: a class for each schema, a method for each operation."""
    from framework.cli.client.module import python_client

    _write_client(python_client, source, path, output=output, kept=kept)


@client.command()
@click.argument("source", metavar="[APP|FILE]", required=False)
@_OUTPUT
@_CHECK
@click.option("--path", help="Which document, where the app has several.")
def typescript(source: str | None, output: Path | None, kept: Path | None, path: str | None) -> None:
    """Write types for TypeScript; it runs openapi-typescript with npx, which comes with Node.js."""
    from framework.cli.client.typescript import typescript_client

    _write_client(typescript_client, source, path, output=output, kept=kept)


def _write_client(
    write_source: Callable[[Any], str], source: str | None, path: str | None, *, output: Path | None, kept: Path | None
) -> None:
    with _told():
        text = write_source(_document(source, path))
        if kept is None:
            _hand_out(text, output)
        else:
            _refuse_stale(kept, [] if _text_of(kept) == text else ["write it anew"])


def _document(source: str | None, path: str | None) -> dict[str, Any]:
    if source is not None and Path(source).suffix in {".json", ".yaml", ".yml"}:
        return read_document(Path(source))
    app: App = load_app(source)
    return document_of(app, path)


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ToolError(f"{file} cannot be read: {error}", hint="write it first with --output") from error
