"""The click commands ``framework make controller``, ``service``, ``job`` and ``test``."""

from collections.abc import Callable
from pathlib import Path

import click

from framework.cli.make.making import Made, make_controller, make_job, make_service, make_test
from framework.cli.make.project import Named, Project, find_project, read_named
from framework.cli.reporting import reporting_errors

__all__ = ("make",)


@click.group()
def make() -> None:
    """Write a controller, a service, a job or a test in a project, and register it. Existing files are not changed."""


@make.command()
@click.argument("name")
def controller(name: str) -> None:
    """Write a controller and its test, and add it to the application: framework make controller orders."""
    _make(make_controller, name)


@make.command()
@click.argument("name")
def service(name: str) -> None:
    """Write a service and its test, and add it to the container: framework make service orders."""
    _make(make_service, name)


@make.command()
@click.argument("name")
def job(name: str) -> None:
    """Write a class of jobs and its test, and add it to the application: framework make job invoices."""
    _make(make_job, name)


@make.command()
@click.argument("name")
def test(name: str) -> None:
    """Write a test over HTTP: framework make test orders."""
    _make(make_test, name)


def _make(function: Callable[[Project, Named], Made], name: str) -> None:
    with reporting_errors():
        named = read_named(name)
        made = function(find_project(Path.cwd()), named)
        for path in made.written:
            click.echo(f"{path} is written.")
        if made.registered:
            click.echo(f"{made.registered} registers it.")
        elif made.to_add:
            click.echo(f"Add this where the application is declared:\n\n{made.to_add}")
