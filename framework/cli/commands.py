"""The click commands: each reads its arguments, calls a plain function and prints the result."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import click
from msgspec import to_builtins

from framework.app import App
from framework.cli.diff.changes import Severity
from framework.cli.diff.operations import compare_documents
from framework.cli.documents import (
    DocumentFormat,
    asyncapi_of,
    differences,
    document_of,
    read_document,
    render_document,
)
from framework.cli.errors import ToolError
from framework.cli.finding import load_app
from framework.cli.migrations import Drift, drift_of, find_migrations
from framework.cli.reporting import WRONG, counted, examining_app, reporting_errors

__all__ = ("asyncapi", "check", "client", "openapi")

_SHOWN = 2
_FILE = click.Path(dir_okay=False, path_type=Path)
_OUTPUT = click.option("--output", "-o", type=_FILE, help="The file to write; by default the output is printed.")
_FORMAT = click.option(
    "--format", "kind", type=click.Choice(["json", "yaml"]), help="The default is the extension of the file, or JSON."
)
_CHECK = click.option("--check", "kept", type=_FILE, help="Write nothing; fail if this file is not current.")


@click.command()
@click.argument("app", required=False)
@click.option("--security", is_flag=True, help="Report what the app leaves open; fail on errors, not on warnings.")
@click.option("--ignore", "ignored", multiple=True, metavar="CODE", help="With --security: a finding to leave out.")
@click.option("--json", "as_json", is_flag=True, help="Print the errors, or with --security the findings, as JSON.")
@click.option(
    "--database",
    metavar="URL",
    envvar="FRAMEWORK_CHECK_DATABASE",
    help="An empty database in which the migrations are tried; by default one of SQLite in memory.",
)
def check(app: str | None, *, security: bool, ignored: tuple[str, ...], as_json: bool, database: str | None) -> None:
    """Build the app and report every error in it, all at once; compare the tables of the code with the migrations."""
    if not security and ignored:
        raise click.UsageError("--ignore is an option of --security")
    with examining_app(as_json=as_json):
        found = load_app(app)
        found.build()
        if security:
            _report_findings(found, ignored, as_json=as_json)
            return
        _report_checked(found, _drift(app, database), as_json=as_json)


def _drift(reference: str | None, database: str | None) -> Drift | None:
    """Compare the tables of the code with those of the migrations, if the project of the app has some."""
    migrations = find_migrations(reference, Path.cwd())
    return None if migrations is None else drift_of(migrations, database)


def _report_checked(app: App, drift: Drift | None, *, as_json: bool) -> None:
    """Print that an app has no errors, or what is wrong with its migrations, and fail."""
    found = Drift() if drift is None else drift
    if as_json:
        records = [found.record()] if found.what else []
        click.echo(json.dumps({"errors": records, "routes": len(app.routes()), "uncovered": app.uncovered()}))
    elif found.what:
        click.echo(f"{found.text()}\n1 error in the migrations.", err=True)
    else:
        migrations = "" if drift is None or found.skipped else "; the migrations make the tables of the code"
        click.echo(f"No errors; {counted(len(app.routes()), 'route')}{migrations}.")
        if found.skipped:
            click.echo(f"The migrations are not compared with the tables: {found.skipped}.")
        for one in app.uncovered():
            click.echo(f"default_guard does not cover {one}, a route of aiohttp's own.")
    if found.what:
        click.get_current_context().exit(WRONG)


def _report_findings(app: App, ignored: tuple[str, ...], *, as_json: bool) -> None:
    """Print what an app leaves open; fail if there is an error among it."""
    # Imported late: the other commands do not use the middlewares.
    from framework.cli.security import CODES, security_findings

    unknown = [one for one in ignored if one not in CODES]
    if unknown:
        raise click.UsageError(f"--ignore {unknown[0]} is not a code; the codes are {', '.join(CODES)}")
    findings = security_findings(app, ignored)
    errors = sum(one.severity == "error" for one in findings)
    if as_json:
        click.echo(json.dumps([to_builtins(one) for one in findings], indent=2))
    else:
        for one in findings:
            click.echo(str(one))
        warnings = len(findings) - errors
        click.echo(f"{counted(errors, 'error')}, {counted(warnings, 'warning')}.")
    if errors:
        click.get_current_context().exit(WRONG)


# Documents


class _DefaultGroup(click.Group):
    """A group with a default command: ``framework openapi`` is ``framework openapi write``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Insert the name of the default command if no command is given."""
        # Completion lists the commands themselves.
        if not ctx.resilient_parsing and (not args or args[0] not in {*self.commands, *ctx.help_option_names}):
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
@click.option("--path", help="The path of the document, if the app has several: /internal/openapi.json.")
def write(
    app: str | None, output: Path | None, kept: Path | None, kind: DocumentFormat | None, path: str | None
) -> None:
    """Write the app's document, or check that a file has it.

    --check compares the content of the documents; their formatting is ignored.
    """
    with examining_app():
        _hand_out_document(document_of(load_app(app), path), "OpenAPI", output=output, kept=kept, kind=kind)


@openapi.command()
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
def diff(old: Path, new: Path) -> None:
    """List the changes from one document to another; fail if they break clients of the old one."""
    with reporting_errors():
        changes = compare_documents(read_document(old), read_document(new))
    for one in changes:
        click.echo(str(one))
    breaking = sum(one.severity is Severity.BREAKING for one in changes)
    click.echo(f"{counted(len(changes), 'change')}, {breaking} of them breaking.", err=True)
    if breaking:
        click.get_current_context().exit(WRONG)


@click.command()
@click.argument("app", required=False)
@_OUTPUT
@_CHECK
@_FORMAT
@click.option("--path", help="The path of the document, if the app has several: /internal/asyncapi.json.")
def asyncapi(
    app: str | None, output: Path | None, kept: Path | None, kind: DocumentFormat | None, path: str | None
) -> None:
    """Write the AsyncAPI document of web sockets and event streams, or check that a file has it.

    --check compares the content of the documents; their formatting is ignored.
    """
    with examining_app():
        _hand_out_document(asyncapi_of(load_app(app), path), "AsyncAPI", output=output, kept=kept, kind=kind)


def _hand_out_document(
    document: dict[str, Any],
    standard: Literal["OpenAPI", "AsyncAPI"],
    *,
    output: Path | None,
    kept: Path | None,
    kind: DocumentFormat | None,
) -> None:
    """Write a document, or check that a file has it."""
    if kept is not None:
        _refuse_stale(kept, list(differences(read_document(kept, standard), document)))
    else:
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
        click.echo(f"  and {counted(len(found) - _SHOWN, 'more difference')}", err=True)
    click.get_current_context().exit(WRONG)


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
@click.option("--path", help="The path of the document, if the app has several.")
def python(source: str | None, output: Path | None, kept: Path | None, path: str | None) -> None:
    """Write a typed module for aiohttp and msgspec: a class for each schema, a method for each operation."""
    from framework.cli.client.module import python_client

    _write_client(python_client, source, path, output=output, kept=kept)


@client.command()
@click.argument("source", metavar="[APP|FILE]", required=False)
@_OUTPUT
@_CHECK
@click.option("--path", help="The path of the document, if the app has several.")
def typescript(source: str | None, output: Path | None, kept: Path | None, path: str | None) -> None:
    """Write types for TypeScript. Runs openapi-typescript with npx, which comes with Node.js."""
    from framework.cli.client.typescript import typescript_client

    _write_client(typescript_client, source, path, output=output, kept=kept)


def _write_client(
    write_source: Callable[[Any], str], source: str | None, path: str | None, *, output: Path | None, kept: Path | None
) -> None:
    with examining_app():
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
