"""The click command ``framework explain``: what an error code means, or what a request of a route does."""

import json
from difflib import get_close_matches

import click
from click.shell_completion import CompletionItem

from framework.cli.codes import explanation, is_code, plain_text, titles
from framework.cli.errors import ToolError
from framework.cli.reporting import examining_app, reporting_errors

__all__ = ("explain",)


def _complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the codes that begin as what is written, with their titles, unless a route is explained."""
    given: tuple[str, ...] = ctx.params.get("words") or ()
    if given and not is_code(given[0]):
        return []
    begun = incomplete.upper()
    return [CompletionItem(code, help=title) for code, title in titles().items() if code.startswith(begun)]


@click.command()
@click.argument("words", nargs=-1, metavar="[CODE... | METHOD PATH [APP]]", shell_complete=_complete)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def explain(words: tuple[str, ...], *, as_json: bool) -> None:
    """Explain errors by their codes, or a route by the method and the path of a request.

    framework explain lists all codes. framework explain E101 E301 explains two errors: an example and its correction.
    framework explain GET /orders/7 prints the stages of a request and the code that was emitted for its route; PATH is
    the template of the route, or a path that it matches.
    """
    if not words:
        _print_codes(as_json=as_json)
    elif is_code(words[0]):
        _print_explanations(words, as_json=as_json)
    else:
        _print_route(words, as_json=as_json)


def _print_codes(*, as_json: bool) -> None:
    found = titles()
    if as_json:
        click.echo(json.dumps([{"code": code, "title": title} for code, title in found.items()], indent=2))
        return
    for code, title in found.items():
        click.echo(f"{code}  {title}")


def _print_explanations(codes: tuple[str, ...], *, as_json: bool) -> None:
    found = {one.upper(): explanation(one) for one in codes}
    with reporting_errors():
        for code, text in found.items():
            if not text:
                raise _unknown(code)
    if as_json:
        click.echo(json.dumps([{"code": code, "markdown": text} for code, text in found.items()], indent=2))
    else:
        click.echo("\n".join(map(plain_text, found.values())), nl=False)


def _unknown(code: str) -> ToolError:
    near = get_close_matches(code, titles())
    hint = f"did you mean {' or '.join(sorted(near))}" if near else "framework explain lists all codes"
    return ToolError(f"{code} is not the code of an error", hint=hint)


def _print_route(words: tuple[str, ...], *, as_json: bool) -> None:
    # Imported late: codes are explained without an app.
    from framework.cli.finding import load_app
    from framework.cli.why import explanation_of

    if len(words) == 1:
        raise click.UsageError("Missing argument 'PATH'.", click.get_current_context())
    if len(words) > len(("METHOD", "PATH", "APP")):
        raise click.UsageError(f"Got unexpected extra argument ({words[3]})", click.get_current_context())
    method, path, *app = words
    with examining_app(as_json=as_json):
        found = explanation_of(load_app(app[0] if app else None), method, path)
        text = found.pop("text")
        click.echo(json.dumps(found, indent=2) if as_json else text)
