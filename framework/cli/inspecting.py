"""The click commands that show what an app is made of: routes, config."""

import json
from collections.abc import Mapping, Sequence

import click
from msgspec import to_builtins

from framework.app import App
from framework.cli.finding import load_app
from framework.cli.reporting import WRONG, examining_app
from framework.cli.routes import routes_table

__all__ = ("config", "routes")

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command()
@click.argument("app", required=False)
@click.option(
    "--why", nargs=2, metavar="METHOD PATH", help="Show which route handles a request, and why others do not."
)
@_JSON
def routes(app: str | None, *, why: tuple[str, str] | None, as_json: bool) -> None:
    """List the routes of the app: method, path, handler, name for url_for, and what a request must pass.

    --why GET /orders/7 shows the route of a request with its layers, guards, services and limits; fails if no route
    handles it.
    """
    with examining_app(as_json=as_json):
        found = load_app(app)
        if why is not None:
            _print_match(found, *why, as_json=as_json)
        elif as_json:
            _print_json(sorted(found.routes(), key=lambda one: (one.path, one.method)))
        else:
            click.echo(routes_table(found), nl=False)


def _print_match(app: App, method: str, path: str, *, as_json: bool) -> None:
    # Imported late: the list of routes does not use it.
    from framework.cli.why import explain_match, match_text

    match = explain_match(app, method, path)
    if as_json:
        _print_json(match)
    else:
        click.echo(match_text(match), nl=False)
    if match.handler is None:
        click.get_current_context().exit(WRONG)


@click.command()
@click.argument("app", required=False)
@_JSON
def config(app: str | None, *, as_json: bool) -> None:
    """List the settings that the app reads with read_settings: variable, value and source.

    Secrets are hidden. Fails if settings have errors.
    """
    # Imported late: the list of routes does not use them.
    from framework.cli.settings import settings_table
    from framework.settings import settings_reports

    with examining_app(as_json=as_json):
        load_app(app)
        reports = settings_reports()
        if as_json:
            _print_json(reports)
        else:
            click.echo(settings_table(reports), nl=False)


def _print_json(value: Sequence[object] | object) -> None:
    click.echo(json.dumps(to_builtins(value, enc_hook=_encoded), indent=2))


def _encoded(value: object) -> object:
    """Return a value of the metadata, which can be of any class."""
    return dict(value) if isinstance(value, Mapping) else str(value)
