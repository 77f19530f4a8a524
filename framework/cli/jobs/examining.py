"""``framework jobs doctor``."""

from collections.abc import Sequence

import click

from framework._jobs.engine import Engine
from framework._jobs.examining import Finding, examine, examine_broker, examine_database
from framework._jobs.providing import JobDatabase
from framework.cli.errors import ToolError
from framework.cli.finding import in_one_line, load_app
from framework.cli.jobs.stored import APP, AS_JSON, jobs_of, print_json, with_services
from framework.cli.reporting import WRONG, reporting_errors
from framework.job_store import JobStore
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

        async def look(services: Services) -> Sequence[Finding]:
            try:
                found = await examine(await services.get(JobStore), table)
                engine: Engine = await services.get(Engine)  # type: ignore[type-abstract]  # registered as it is
                found += await examine_broker(engine)
                return [*found, *await examine_database((await services.get(JobDatabase)).engine)]
            except Exception as error:
                raise ToolError(f"the jobs cannot be read: {in_one_line(error)}", hint="check the database") from error

        findings = with_services(app, look)
        if as_json:
            print_json({"findings": findings})
        elif findings:
            click.echo("".join(f"{one.what[0].upper()}{one.what[1:]}.\n  Hint: {one.hint}.\n" for one in findings))
        else:
            click.echo("Nothing is found that keeps jobs from running.")
        if findings:
            click.get_current_context().exit(WRONG)
