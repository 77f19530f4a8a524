"""The command ``framework``: it imports nothing but click until it knows what is asked for.

Exit codes: 0 all is well; 1 what was checked is not (mistakes in the app, a file that is not current, a breaking
change); 2 the command cannot be carried out (no app, no such option, a file that cannot be read).
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
    """A group that imports a command when it is used; until then it knows what the command is for."""

    def __init__(self, *arguments: Any, late: dict[str, tuple[str, str]], **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._late = {name: _Late(*one) for name, one in late.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted({*super().list_commands(ctx), *self._late})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported now."""
        if cmd_name not in self._late:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self._late[cmd_name].place.partition(":")
        found: click.Command = getattr(import_module(module), attribute)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._late[name].help) for name in self.list_commands(ctx)])


@click.group(
    cls=LateGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    late={
        "asyncapi": ("framework.cli.commands:asyncapi", "Write and check AsyncAPI documents."),
        "check": ("framework.cli.commands:check", "Build the app and tell every mistake in it."),
        "client": ("framework.cli.commands:client", "Write a client of the app."),
        "openapi": ("framework.cli.commands:openapi", "Write, check and compare OpenAPI documents."),
        "routes": ("framework.cli.commands:routes", "List what the app answers."),
    },
)
def command() -> None:
    """Tools for an app, which is found by APP, written as module:attribute, or by pyproject.toml.

    \b
    [tool.framework]
    app = "shop.main:app"
    """  # noqa: D301  click's mark for a block that is not to be wrapped


def main() -> None:
    """Run the command with the words of the command line."""
    command(prog_name="framework")
