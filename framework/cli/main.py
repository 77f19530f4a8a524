"""The command ``framework``: it imports only click until a command is chosen.

Exit codes: 0 success; 1 the check failed (errors in the app, a file that is not current, a breaking change); 2 the
command cannot run (no app, an unknown option, a file that cannot be read).
"""

from importlib import import_module
from typing import Any, NamedTuple

import click

__all__ = ("LateGroup", "command", "main")


class _Late(NamedTuple):
    place: str
    """``module:attribute``."""
    help: str


class LateGroup(click.Group):
    """A group that imports a command on its first use; until then it has only the help text.

    ``others`` is the place of a function that finds all other commands by name, and returns the names of all of them.
    """

    def __init__(self, *arguments: Any, late: dict[str, tuple[str, str]], others: str = "", **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._others = others
        self._late = {name: _Late(*one) for name, one in late.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted({*super().list_commands(ctx), *self._late})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        if cmd_name not in self._late:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self._late[cmd_name].place.partition(":")
        found: click.Command = getattr(import_module(module), attribute)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command of the first argument; a misspelt name is a UsageError with the names that are near."""
        name = args[0]
        if ctx.resilient_parsing or not name[:1].isalnum() or self.get_command(ctx, name) is not None:
            return super().resolve_command(ctx, args)
        known = self.list_commands(ctx)
        if self._others:
            module, _, attribute = self._others.partition(":")
            found, names = getattr(import_module(module), attribute)(ctx, name)
            if found is not None:
                return name, found, args[1:]
            known += names
        from difflib import get_close_matches

        near = get_close_matches(name, known)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise click.UsageError(f"No such command {name!r}.{hint}", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._late[name].help) for name in self.list_commands(ctx)])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Return the commands, and the options of the group, that begin with ``incomplete``, without importing any."""
        from click.shell_completion import CompletionItem

        names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        options = click.Command.shell_complete(self, ctx, incomplete)
        return [*(CompletionItem(name, help=self._late[name].help) for name in names), *options]


def _print_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    import platform

    from framework._version import __version__

    click.echo(f"framework-aiohttp {__version__}, Python {platform.python_version()}")
    ctx.exit()


@click.group(
    cls=LateGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    late={
        "asyncapi": ("framework.cli.commands:asyncapi", "Write and check AsyncAPI documents."),
        "check": ("framework.cli.commands:check", "Build the app and report every error in it."),
        "client": ("framework.cli.commands:client", "Write a client of the app."),
        "commands": ("framework.cli.own:commands", "List the commands of the app itself."),
        "completion": ("framework.cli.completion:completion", "Print a script that completes commands in a shell."),
        "config": ("framework.cli.inspecting:config", "List the settings of the app and their sources."),
        "dev": ("framework.cli.dev.command:dev", "Serve the app, and reload it when files change."),
        "explain": ("framework.cli.explaining:explain", "Explain error codes, or the stages and the code of a route."),
        "jobs": ("framework.cli.jobs.group:jobs", "Run jobs, and show and change those that are stored."),
        "make": ("framework.cli.make.command:make", "Write a controller, a service, a job or a test in a project."),
        "new": ("framework.cli.new.command:new", "Make a project in a new folder."),
        "openapi": ("framework.cli.commands:openapi", "Write, check and compare OpenAPI documents."),
        "routes": ("framework.cli.inspecting:routes", "List the routes of the app, or explain a match."),
        "run": ("framework.cli.run:run", "Serve the app in production."),
        "shell": ("framework.cli.shell:shell", "Start an interactive session with the services of the app."),
    },
    others="framework.cli.own:find_command",
)
@click.option("--app", metavar="APP", help="The app of a command of its own; all others take it as an argument.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version and exit.",
)
@click.pass_context
def command(ctx: click.Context, app: str | None) -> None:
    """Tools for an app. APP is written as module:attribute; the default is in pyproject.toml.

    \b
    [tool.framework]
    app = "shop.main:app"

    Commands of the app itself are run by their names; framework commands lists them.
    """  # noqa: D301  click's mark for a block that it does not wrap
    name = ctx.invoked_subcommand
    if app is not None and name in ctx.command.list_commands(ctx):  # type: ignore[attr-defined]  # it is this group
        raise click.UsageError(f"--app is for commands of the app; write framework {name} {app}")


def main() -> None:
    """Run the command with the arguments of the command line."""
    command(prog_name="framework")
