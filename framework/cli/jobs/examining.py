"""``framework jobs doctor``."""

from collections.abc import Sequence

import click

from framework._jobs.engine import Engine
from framework._jobs.examining import Finding, examine, examine_broker, examine_database
from framework._jobs.providing import JobDatabase
from framework.cli.errors import ToolError
from framework.cli.finding import in_one_line, load_app
from framework.cli.jobs.stored import APP, AS_JSON, jobs_of, print_json, with_services
from framework.cli.reporting import WRONG, counted, reporting_errors
from framework.job_store import JobStore, QueueState
from framework.services import Services

__all__ = ("doctor",)


@click.command()
@APP
@AS_JSON
def doctor(app: str | None, *, as_json: bool) -> None:
    """Report what keeps jobs from running.

    Late, dead and unknown jobs, paused queues, long transactions, a broker that is away. Fails if something is found.
    """
    with reporting_errors(as_json=as_json):
        table = jobs_of(load_app(app))

        async def look(services: Services) -> tuple[Sequence[Finding], Sequence[QueueState]]:
            try:
                store = await services.get(JobStore)
                found = await examine(store, table)
                engine: Engine = await services.get(Engine)  # type: ignore[type-abstract]  # registered as it is
                found += await examine_broker(engine)
                found += await examine_database((await services.get(JobDatabase)).engine)
                return found, await store.queues()
            except Exception as error:
                raise ToolError(f"the jobs cannot be read: {in_one_line(error)}", hint="check the database") from error

        findings, queues = with_services(app, look)
        if as_json:
            print_json({"findings": findings})
        elif findings:
            click.echo("".join(f"{one.what[0].upper()}{one.what[1:]}.\n  Hint: {one.hint}.\n" for one in findings))
        else:
            click.echo(f"Nothing is found that keeps jobs from running.{_waiting(queues)}")
        if findings:
            click.get_current_context().exit(WRONG)


def _waiting(queues: Sequence[QueueState]) -> str:
    """Return how many jobs are ready: they are late after a minute, and nothing but time shows that no worker runs."""
    ready = sum(one.counts["ready"] for one in queues)
    oldest = max((one.oldest or 0.0 for one in queues), default=0.0)
    return f" {counted(ready, 'job')} ready, the oldest for {oldest:.0f} s." if ready else ""
