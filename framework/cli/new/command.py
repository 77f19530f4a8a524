"""The click command ``framework new``."""

from pathlib import Path

import click

from framework.cli.new.names import read_name
from framework.cli.new.project import minimal_project, shop_project, write_project
from framework.cli.new.template import Database
from framework.cli.reporting import reporting_errors

__all__ = ("new",)


@click.command()
@click.argument("name")
@click.option("--minimal", is_flag=True, help="One controller, one service and one test, without a database.")
@click.option(
    "--database",
    type=click.Choice(["sqlite", "postgresql"]),
    help="The database that the settings have by default: sqlite, unless another is chosen.",
)
def new(name: str, *, minimal: bool, database: Database | None) -> None:
    """Make a project in a new folder: a shop with accounts, products and orders, its tests and its tools."""
    if minimal and database is not None:
        raise click.UsageError("--minimal has no database; leave out one of the options")
    with reporting_errors():
        named = read_name(name)
        texts = minimal_project(named) if minimal else shop_project(named, database or "sqlite")
        write_project(Path.cwd() / named.distribution, texts)
        click.echo(f"{named.distribution} is written: {len(texts)} files. Next:\n\n    cd {named.distribution}")
        if database == "postgresql":
            click.echo("    docker compose up --detach --wait")
        click.echo("    make test\n    make run")
