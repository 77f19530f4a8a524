"""``framework jobs``: the group, which imports a command when it is chosen."""

import click

from framework.cli.main import LateGroup

__all__ = ("jobs",)

_LATE = {
    "discard": ("framework.cli.jobs.changing:discard", "Cancel jobs that wait or run."),
    "doctor": ("framework.cli.jobs.examining:doctor", "Report what keeps jobs from running."),
    "document": ("framework.cli.jobs.listing:document", "Write the jobs of the app and their arguments as JSON."),
    "list": ("framework.cli.jobs.listing:list_jobs", "List queues, and stored jobs."),
    "pause": ("framework.cli.jobs.changing:pause", "Let workers claim no more jobs of a queue."),
    "resume": ("framework.cli.jobs.changing:resume", "Let workers claim the jobs of a queue again."),
    "retry": ("framework.cli.jobs.changing:retry", "Make dead and cancelled jobs ready again."),
    "run": ("framework.cli.jobs.running:run", "Run jobs until SIGTERM."),
    "run-now": ("framework.cli.jobs.changing:run_now", "Make scheduled jobs ready."),
    "show": ("framework.cli.jobs.listing:show", "Print one job."),
}


@click.group(cls=LateGroup, late=_LATE)
def jobs() -> None:
    """Run jobs, and show and change those that are stored. APP is as for all commands."""
