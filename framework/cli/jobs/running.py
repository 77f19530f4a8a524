"""``framework jobs run``: a process that runs jobs."""

import asyncio
import logging
import signal

import click
from msgspec.structs import replace

from framework._jobs.engine import Engine
from framework._jobs.worker.loop import Worker
from framework._plan.job_runs import JobTable
from framework._process.serving import new_loop
from framework.app import App
from framework.cli.finding import load_app
from framework.cli.jobs.stored import jobs_of, note_unknown
from framework.cli.jobs.watched import serving_numbers
from framework.cli.opening import opened_services
from framework.cli.reporting import counted, reporting_errors
from framework.jobs import JobSettings
from framework.services import Services
from framework.telemetry.processes import join_metrics_folder, leave_metrics_folder

__all__ = ("run",)

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@click.command()
@click.argument("app", required=False)
@click.option("--queue", "queues", multiple=True, help="A queue to serve; may be repeated. The default is all queues.")
@click.option("--concurrency", type=click.IntRange(1), help="How many jobs run at once.")
@click.option("--grace", type=click.FloatRange(0, min_open=True), help="The seconds that jobs have when it stops.")
@click.option("--listen", metavar="HOST:PORT", help="Serve /metrics and /health/ready there: 127.0.0.1:9100.")
def run(
    app: str | None, *, queues: tuple[str, ...], concurrency: int | None, grace: float | None, listen: str | None
) -> None:
    """Run the jobs of the app until SIGTERM or SIGINT.

    It then claims no more jobs, and those that run have the grace to end; the others are handed back to other workers,
    and the attempt is not counted. A second signal does not wait. The options are those of JobSettings by default.
    """
    with reporting_errors():
        join_metrics_folder()
        found = load_app(app)
        table = jobs_of(found)
        given = {"queues": queues or None, "concurrency": concurrency, "grace": grace}
        settings = replace(table.settings, **{name: value for name, value in given.items() if value is not None})
        for one in settings.queues:
            note_unknown(one, table)
        if not logging.getLogger().handlers:
            logging.basicConfig(level=logging.INFO, format=_LOG_FORMAT)
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(_serve(found, settings, listen))
        leave_metrics_folder()


async def _serve(app: App, settings: JobSettings, listen: str | None) -> None:
    loop = asyncio.get_running_loop()
    async with opened_services(app) as services:
        worker = await _worker(services, settings)
        async with serving_numbers(listen, worker, services, settings.observers) as served:
            for one in _SIGNALS:
                loop.add_signal_handler(one, worker.stop)
            _announce(worker, settings, served)
            try:
                await worker.run()
            finally:
                for one in _SIGNALS:
                    # The next signal has its usual effect.
                    loop.remove_signal_handler(one)
        ended = sum(worker.counts.ended.values())
        click.echo(f"Worker {worker.owner} has stopped; {counted(ended, 'attempt')} ended.")


async def _worker(services: Services, settings: JobSettings) -> Worker:
    engine: Engine = await services.get(Engine)  # type: ignore[type-abstract]  # registered as it is
    table = await services.get(JobTable)
    return Worker(engine, table.plans, table.run, settings)


def _announce(worker: Worker, settings: JobSettings, served: str) -> None:
    queues = ", ".join(settings.queues) or "all queues"
    what = f"runs jobs of {queues}, {settings.concurrency} at once."
    click.echo(f"Worker {worker.owner} {what}{served} Press Ctrl+C to stop.")
