"""``framework jobs``: what a user may not expect is explained beside the result."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run, Write
from tests.cli.test_jobs_command import CONFIGURED, SHOP


@pytest.fixture(autouse=True)
def shop(write: Write, folder: Path) -> Path:
    """Write an app with jobs, and name it in pyproject.toml."""
    write("shop.py", SHOP)
    write("pyproject.toml", CONFIGURED)
    return folder


def test_a_queue_that_no_job_is_in(run: Run) -> None:
    """It is paused as any other, with a note: its name may be misspelled."""
    note = "No job of the app is in the queue mail; the queues are default, mails.\n"
    assert run("jobs", "pause", "mail") == (0, "Queue mail is paused.\n", note)
    assert run("jobs", "resume", "mail") == (0, "Queue mail is not paused.\n", note)
    assert run("jobs", "pause", "mails") == (0, "Queue mails is paused.\n", "")


def test_nothing_is_changed(run: Run) -> None:
    """The note names the jobs that a command changes."""
    run("fill")
    assert run("jobs", "retry", "--id", "1") == (
        0,
        "0 jobs made ready again.\n",
        "Only dead and cancelled jobs are made ready again.\n",
    )
    assert run("jobs", "discard", "--id", "99").err == "Only jobs that wait or run are cancelled.\n"
    assert run("jobs", "run-now", "--name", "Mail.report").err == (
        "Only scheduled jobs that are stored, and not the next times of a schedule, are made ready.\n"
    )
    assert run("jobs", "run-now", "--id", "2") == (0, "1 job made ready.\n", "")


def test_the_doctor_counts_jobs_that_wait(run: Run) -> None:
    """A job that no worker has claimed is late after a minute, and is counted before."""
    run("fill")
    found = run("jobs", "doctor")
    assert found.code == 0
    assert found.out.startswith("Nothing is found that keeps jobs from running. 2 jobs ready, the oldest for ")


def test_moments_have_their_zone(run: Run) -> None:
    """It is UTC, wherever the command runs."""
    run("fill")
    lines = dict(line.split(": ", 1) for line in run("jobs", "show", "1").out.splitlines())
    assert lines["created_at"].endswith(" UTC")
    assert lines["run_at"].endswith(" UTC")
    assert "finished_at" not in lines
