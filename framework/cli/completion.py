"""``framework completion``: scripts that complete commands and options, written by click."""

import click

__all__ = ("completion",)

_SHELLS = ("bash", "fish", "zsh")


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
def completion(shell: str) -> None:
    """Print a script that completes commands and options.

    \b
    bash  framework completion bash >> ~/.bashrc
    zsh   framework completion zsh >> ~/.zshrc
    fish  framework completion fish > ~/.config/fish/completions/framework.fish
    """  # noqa: D301  click's mark for a block that it does not wrap
    from click.shell_completion import get_completion_class

    script = get_completion_class(shell)
    if script is None:
        raise click.UsageError(f"click cannot complete in {shell}")
    click.echo(script(click.get_current_context().find_root().command, {}, "framework", "_FRAMEWORK_COMPLETE").source())
