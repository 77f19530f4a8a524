"""A worker process of ``framework run --workers``: ``python -m framework.cli.worker_process SPEC``."""

import sys

import click
import msgspec

from framework._process.options import WorkerSpec
from framework._process.worker_process import run_worker
from framework.cli.finding import load_application
from framework.cli.reporting import in_short, reporting_errors

__all__ = ("main",)


@click.command()
@click.argument("spec")
@click.pass_context
def main(ctx: click.Context, spec: str) -> None:
    """Serve what the supervisor names, as JSON."""
    found = msgspec.json.decode(spec, type=WorkerSpec)
    # The app sees the arguments of the command.
    sys.argv = ["framework"]
    with reporting_errors():
        code = run_worker(found, lambda: load_application(found.reference), in_short)
    ctx.exit(code)


if __name__ == "__main__":
    main(prog_name="framework run")
