"""``framework jobs retry``, ``discard``, ``run-now``, ``pause`` and ``resume``."""

from collections.abc import Awaitable, Callable

import click

from framework.cli.finding import load_app
from framework.cli.jobs.stored import APP, AS_JSON, filters, jobs_of, note_unknown, print_json, with_store
from framework.cli.reporting import counted, reporting_errors
from framework.job_store import JobFilter, JobStore

__all__ = ("discard", "pause", "resume", "retry", "run_now")

_EVERY = click.option("--all", "every", is_flag=True, help="All jobs in a state that can be changed.")
_QUEUE = click.argument("queue")
# What is done, and to which jobs.
_RETRY = ("made ready again", "dead and cancelled jobs")
_DISCARD = ("cancelled", "jobs that wait or run")
_RUN_NOW = ("made ready", "scheduled jobs that are stored, and not the next times of a schedule,")


@click.command()
@APP
@filters
@_EVERY
@AS_JSON
def retry(app: str | None, *, which: JobFilter, every: bool, as_json: bool) -> None:
    """Make dead and cancelled jobs ready again, with all their attempts."""
    _change(app, which, lambda store: store.retry(which), _RETRY, every=every, as_json=as_json)


@click.command()
@APP
@filters
@_EVERY
@AS_JSON
def discard(app: str | None, *, which: JobFilter, every: bool, as_json: bool) -> None:
    """Cancel jobs that wait or run; a running one ends within a heartbeat of its worker."""
    _change(app, which, lambda store: store.discard(which), _DISCARD, every=every, as_json=as_json)


@click.command("run-now")
@APP
@filters
@_EVERY
@AS_JSON
def run_now(app: str | None, *, which: JobFilter, every: bool, as_json: bool) -> None:
    """Make scheduled jobs ready, before they are due."""
    _change(app, which, lambda store: store.run_now(which), _RUN_NOW, every=every, as_json=as_json)


def _change(
    app: str | None,
    which: JobFilter,
    change: Callable[[JobStore], Awaitable[int]],
    words: tuple[str, str],
    *,
    every: bool,
    as_json: bool,
) -> None:
    if (which == JobFilter()) is not every:
        raise click.UsageError("name jobs with --id, --state, --queue or --name, or all of them with --all alone")
    with reporting_errors(as_json=as_json):
        count = with_store(app, change)
        if as_json:
            print_json({"changed": count})
        else:
            done, which_are = words
            click.echo(f"{counted(count, 'job')} {done}.")
            if not count:
                click.echo(f"Only {which_are} are {done}.", err=True)


@click.command()
@_QUEUE
@APP
def pause(queue: str, app: str | None) -> None:
    """Let workers claim no more jobs of a queue; jobs that run go on. It stays so until framework jobs resume."""
    with reporting_errors():
        note_unknown(queue, jobs_of(load_app(app)))
        with_store(app, lambda store: store.pause(queue))
        click.echo(f"Queue {queue} is paused.")


@click.command()
@_QUEUE
@APP
def resume(queue: str, app: str | None) -> None:
    """Let workers claim the jobs of a queue again."""
    with reporting_errors():
        note_unknown(queue, jobs_of(load_app(app)))
        with_store(app, lambda store: store.resume(queue))
        click.echo(f"Queue {queue} is not paused.")
