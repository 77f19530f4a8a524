"""``framework jobs list``, ``show`` and ``document``."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from msgspec import to_builtins

from framework.cli.errors import ToolError
from framework.cli.finding import load_app
from framework.cli.jobs.document import document_of_jobs
from framework.cli.jobs.stored import APP, AS_JSON, filters, jobs_of, print_json, table, when, with_store
from framework.cli.reporting import examining_app, reporting_errors
from framework.job_store import JobFilter, JobStore, QueueState, StoredJob

__all__ = ("document", "list_jobs", "show")

_QUEUE = ("QUEUE", "READY", "SCHEDULED", "RUNNING", "DONE", "DEAD", "CANCELLED", "OLDEST")
_JOB = ("ID", "NAME", "QUEUE", "STATE", "ATTEMPT", "DUE", "ERROR")


@click.command("list")
@APP
@filters
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="The most jobs.")
@AS_JSON
def list_jobs(app: str | None, *, which: JobFilter, limit: int, as_json: bool) -> None:
    """List the queues, and the latest jobs. Times are in UTC."""

    async def read(store: JobStore) -> tuple[Sequence[QueueState], Sequence[StoredJob]]:
        return await store.queues(), await store.list(which, limit=limit)

    with reporting_errors(as_json=as_json):
        queues, found = with_store(app, read)
        if as_json:
            print_json({"queues": queues, "jobs": found})
            return
        click.echo(table(_QUEUE, map(_queue_row, queues)))
        click.echo(table(_JOB, map(_job_row, found)), nl=False)


def _queue_row(queue: QueueState) -> tuple[object, ...]:
    name = f"{queue.name} (paused)" if queue.paused else queue.name
    counts = [_count(queue, state.lower()) for state in _QUEUE[1:-1]]
    return name, *counts, "" if queue.oldest is None else f"{queue.oldest:.0f} s"


def _count(queue: QueueState, state: str) -> str:
    return f"{queue.counts[state]}{'+' if state in queue.partial else ''}"


def _job_row(job: StoredJob) -> tuple[object, ...]:
    error = (job.error or "").strip().splitlines()[-1:]
    attempt = f"{job.attempt} of {job.max_attempts}"
    return job.id, job.name, job.queue, job.state, attempt, when(_due(job)), "".join(error)


def _due(job: StoredJob) -> datetime | None:
    """Return when a job is or was due; a dead one still has the time of an attempt that is not made."""
    return None if job.state == "dead" else job.run_at


@click.command()
@click.argument("job_id", type=int)
@APP
@AS_JSON
def show(job_id: int, app: str | None, *, as_json: bool) -> None:
    """Print one job: its arguments, its state, its error."""
    with reporting_errors(as_json=as_json):
        found = with_store(app, lambda store: store.find(job_id))
        if found is None:
            raise ToolError(f"there is no job {job_id}", hint="framework jobs list shows the latest")
        if as_json:
            print_json(found)
        else:
            click.echo("".join(_lines(found)), nl=False)


def _lines(job: StoredJob) -> Sequence[str]:
    values: dict[str, Any] = {name: getattr(job, name) for name in job.__struct_fields__ if name != "error"}
    moments = ("created_at", "run_at", "finished_at", "lease_until")
    values["run_at"] = _due(job)
    values.update({name: f"{when(values[name])} UTC" for name in moments if values[name] is not None})
    values["arguments"] = json.dumps(to_builtins(values["arguments"]), ensure_ascii=False)
    shown = [f"{name}: {value}\n" for name, value in values.items() if value not in (None, "")]
    return [*shown, *([] if job.error is None else ["error:\n", job.error.rstrip(), "\n"])]


@click.command()
@APP
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
def document(app: str | None, *, output: Path | None) -> None:
    """Write the jobs of the app as JSON: names, queues, schedules, and the JSON Schema of their arguments."""
    with examining_app():
        text = document_of_jobs(jobs_of(load_app(app)).plans)
        if output is None:
            click.echo(text, nl=False)
            return
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise ToolError(f"{output} cannot be written: {error.strerror}", hint="check its folder") from error
