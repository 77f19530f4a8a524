"""Commands of the app itself: ``framework import-products data.csv``."""

import asyncio
import contextlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from framework._plan.commands import CommandParameter, CommandPlan
from framework.app import App
from framework.cli.errors import ToolError
from framework.cli.finding import load_app
from framework.cli.main import command as root
from framework.cli.opening import opened_services
from framework.cli.references import configured_reference
from framework.cli.reporting import reporting_errors
from framework.conversion import ConversionError, convert_strings
from framework.http_errors import FieldError

__all__ = ("commands", "commands_of", "commands_table", "find_command")

_SURE = 0.8
"""How similar a misspelt name is to that of a command of the framework, so that it is not one of a broken app."""
_GOT = re.compile(r", got `[^`]*`$")
_HEAD = ("COMMAND", "PARAMETERS", "HELP")


@click.command()
@click.argument("app", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def commands(app: str | None, *, as_json: bool) -> None:
    """List the commands of the app itself, which are run by their names."""
    with reporting_errors(as_json=as_json):
        found = commands_of(load_app(app))
        if as_json:
            click.echo(json.dumps([_record(one) for one in found], indent=2))
        else:
            click.echo(commands_table(found), nl=False)


def commands_of(app: App) -> Sequence[CommandPlan]:
    """Return the commands of an app.

    Raises ToolError for a name that the framework has itself, and an ExceptionGroup of all DefinitionErrors.
    """
    found = app._plan().plans.commands  # noqa: SLF001  App has no public name for its plan, which is private
    for one in found:
        if one.name in root.list_commands(click.Context(root)):
            raise ToolError(
                f"{one.where} has the name of a command of the framework, {one.name}",
                hint="give it another one: Command(function, name=...)",
            )
    return found


def commands_table(found: Sequence[CommandPlan]) -> str:
    """Return the commands as a table."""
    if not found:
        return "The app has no commands of its own; App(commands=[...]) adds some.\n"
    rows = [_HEAD, *((one.name, " ".join(map(_usage, one.parameters)), _first_line(one)) for one in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = ("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "".join(f"{line}\n" for line in lines)


def _first_line(plan: CommandPlan) -> str:
    return plan.help.partition("\n")[0]


def _usage(parameter: CommandParameter) -> str:
    if parameter.required:
        return parameter.name.upper() + ("..." if parameter.repeated else "")
    return f"[{_option(parameter)}]"


def _option(parameter: CommandParameter) -> str:
    return f"--{parameter.name.replace('_', '-')}"


def _record(plan: CommandPlan) -> dict[str, Any]:
    parameters = [
        {"name": one.name, "required": one.required, "repeated": one.repeated, "description": one.description}
        for one in plan.parameters
    ]
    return {"name": plan.name, "handler": plan.where, "help": plan.help, "parameters": parameters}


def find_command(ctx: click.Context, name: str) -> tuple[click.Command | None, Sequence[str]]:
    """Return the command of the app that has a name, if one does, and the names of all of them.

    If there is no app, it has no commands. If the app is broken, its errors are reported and the command ends, unless
    the name is nearly that of a command of the framework.
    """
    reference = ctx.params.get("app")
    try:
        if reference is None:
            configured_reference(Path.cwd())
    except ToolError:
        return None, ()
    near = get_close_matches(name, root.list_commands(ctx), cutoff=_SURE)
    with ctx.scope(cleanup=False), contextlib.nullcontext() if near else reporting_errors():
        try:
            app = load_app(reference)
            plans = commands_of(app)
        except Exception:
            if not near:
                raise
            return None, ()
    found = next((one for one in plans if one.name == name), None)
    return None if found is None else _command(app, found), [one.name for one in plans]


def _command(app: App, plan: CommandPlan) -> click.Command:
    def run(**given: Any) -> None:
        values = _converted(plan, given)
        with reporting_errors():
            code = asyncio.run(_run(app, plan, values))
        click.get_current_context().exit(code)

    described = [
        f"{one.name.upper()}: {one.description}" for one in plan.parameters if one.required and one.description
    ]
    help_text = "\n\n".join([plan.help, *described])
    return click.Command(plan.name, callback=run, params=[_parameter(one) for one in plan.parameters], help=help_text)


async def _run(app: App, plan: CommandPlan, values: Mapping[str, Any]) -> int:
    async with opened_services(app) as services:
        call: Callable[..., Any] = services.call
        result = await call(plan.function, **values)
    return result if isinstance(result, int) else 0


def _parameter(parameter: CommandParameter) -> click.Parameter:
    if parameter.required:
        count = -1 if parameter.repeated else 1
        return click.Argument([parameter.name], nargs=count, required=True, metavar=_usage(parameter))
    option = _option(parameter)
    declared = f"{option}/--no-{option[2:]}" if parameter.flag else option
    default = "" if parameter.default in (None, ()) else f"  [default: {_shown(parameter.default)}]"
    return click.Option(
        [declared, parameter.name],
        default=None,
        multiple=parameter.repeated,
        help=f"{parameter.description}{default}".strip() or None,
        # A string, whatever the default is: the framework converts it.
        type=None if parameter.flag else str,
        metavar=None if parameter.flag else _metavar(parameter),
    )


def _shown(default: Any) -> str:
    return str(default).lower() if isinstance(default, bool) else str(getattr(default, "value", default))


def _converted(plan: CommandPlan, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments and options that were given; a UsageError lists all errors."""
    values: dict[str, Any] = {}
    errors: list[str] = []
    for one in plan.parameters:
        raw = given[one.name]
        if raw is None or (raw == () and not one.required):
            continue
        try:
            values[one.name] = raw if one.flag else convert_strings([*raw] if one.repeated else raw, one.annotation)
        except ConversionError as error:
            errors += [f"Invalid value for {_place(one, each)}: {_expected(one, each)}" for each in error.errors]
    if errors:
        raise click.UsageError("\n".join(errors))
    return values


def _metavar(parameter: CommandParameter) -> str:
    return f"[{'|'.join(parameter.choices)}]" if parameter.choices else parameter.name.upper()


def _expected(parameter: CommandParameter, error: FieldError) -> str:
    return f"Expected {' or '.join(parameter.choices)}" if parameter.choices else _GOT.sub("", error.detail)


def _place(parameter: CommandParameter, error: FieldError) -> str:
    """Return the parameter of an error, with the number of the value if it takes several."""
    name = parameter.name.upper() if parameter.required else _option(parameter)
    item = error.pointer[1:].partition("/")[0]
    return f"{name}, value {int(item) + 1}" if item.isdecimal() else name
