"""Opens the jobs of an app for a command, and lays out what commands print."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import click
from msgspec import to_builtins

from framework._plan.job_runs import JobTable
from framework.app import App
from framework.cli.errors import ToolError
from framework.cli.finding import in_one_line, load_app
from framework.cli.opening import opened_services
from framework.job_store import JobFilter, JobStore
from framework.services import Services

__all__ = (
    "APP",
    "AS_JSON",
    "filters",
    "jobs_of",
    "note_unknown",
    "print_json",
    "table",
    "when",
    "with_services",
    "with_store",
)

_T = TypeVar("_T")
APP = click.argument("app", required=False)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_STATES = ("ready", "scheduled", "running", "done", "dead", "cancelled")


def filters(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose jobs, which become the argument ``which``."""

    def call(
        *args: Any, job_ids: tuple[int, ...], states: tuple[str, ...], queue: str | None, name: str | None, **rest: Any
    ) -> Any:
        return function(*args, which=JobFilter(ids=job_ids, states=states, queue=queue, name=name), **rest)

    call.__name__, call.__doc__ = function.__name__, function.__doc__
    call.__dict__.update(function.__dict__)
    options = (
        click.option("--id", "job_ids", type=int, multiple=True, help="The id of a job; may be repeated."),
        click.option("--state", "states", type=click.Choice(_STATES), multiple=True, help="May be repeated."),
        click.option("--queue", help="The name of a queue."),
        click.option("--name", help="The name of a job: Mail.confirm."),
    )
    decorated: Any = call
    for option in reversed(options):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]  # a function


def jobs_of(app: App) -> JobTable:
    """Return the jobs of an app. Raises ToolError if it has none, and an ExceptionGroup of all DefinitionErrors."""
    found = app._plan().plans.jobs  # noqa: SLF001  App has no public name for its plan, which is private
    if found is None:
        raise ToolError("the app has no jobs", hint="App(jobs=[Mail]) adds some")
    return found


def note_unknown(queue: str, table: JobTable) -> None:
    """Warn of a queue that no job of the app is in; jobs that were stored before their queue was changed may be."""
    known = sorted({plan.queue for plan in table.plans})
    if queue not in known:
        click.echo(f"No job of the app is in the queue {queue}; the queues are {', '.join(known)}.", err=True)


def with_services(reference: str | None, work: Callable[[Services], Awaitable[_T]]) -> _T:
    """Call a function with the open services of an app that has jobs. Raises ToolError."""
    app = load_app(reference)
    jobs_of(app)
    return asyncio.run(_opened(app, work))


async def _opened(app: App, work: Callable[[Services], Awaitable[_T]]) -> _T:
    async with opened_services(app) as services:
        return await work(services)


def with_store(reference: str | None, work: Callable[[JobStore], Awaitable[_T]]) -> _T:
    """Call a function with the stored jobs of an app. Raises ToolError, also if the engine fails."""

    async def with_services_(services: Services) -> _T:
        store = await services.get(JobStore)
        try:
            return await work(store)
        except Exception as error:
            raise ToolError(f"the jobs cannot be read: {in_one_line(error)}", hint="check the database") from error

    return with_services(reference, with_services_)


def print_json(value: object) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(to_builtins(value), indent=2))


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows below a head, in columns."""
    lines = [tuple(head), *(tuple(map(str, row)) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines
    )


def when(moment: datetime | None) -> str:
    """Return a moment in UTC: ``2026-12-01 03:00:00``."""
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"
