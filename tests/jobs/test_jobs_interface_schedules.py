"""Schedules: the times of cron expressions and periods, daylight saving time included."""

import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from framework import App, Container
from framework._compile.jobs.schedules import read_schedule
from framework._plan.jobs import SchedulePlan
from framework.errors import DefinitionErrors
from framework.jobs import Jobs, JobSettings, job

BERLIN = ZoneInfo("Europe/Berlin")


def schedule(**options: Any) -> SchedulePlan:
    """Return the schedule of some options."""
    found = read_schedule("Work.run", options)  # type: ignore[arg-type]  # some of the options
    assert found is not None
    return found


def at(*moment: int, fold: int = 0) -> float:
    """Return a moment in Berlin in seconds since the epoch."""
    year, month, day, hour, minute = moment
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN, fold=fold).timestamp()


def test_the_night_of_each_day() -> None:
    """A tick is at or before itself, and not after itself."""
    nightly = schedule(cron="0 3 * * *", timezone="Europe/Berlin")
    tick, before = at(2026, 12, 1, 3, 0), at(2026, 11, 30, 3, 0)

    assert (nightly.latest(tick), nightly.following(tick)) == (tick, at(2026, 12, 2, 3, 0))
    assert (nightly.latest(tick - 0.001), nightly.following(tick - 0.001)) == (before, tick)
    assert nightly.latest(tick + 3599.5) == tick
    assert nightly.text == "cron 0 3 * * * Europe/Berlin"
    assert nightly.overlap is False


def test_the_hour_that_does_not_exist() -> None:
    """In spring, 02:30 is at 03:00."""
    nightly = schedule(cron="30 2 * * *", timezone="Europe/Berlin")

    assert nightly.following(at(2026, 3, 28, 12, 0)) == at(2026, 3, 29, 3, 0)
    assert nightly.following(at(2026, 3, 29, 3, 0)) == at(2026, 3, 30, 2, 30)


def test_the_hour_that_exists_twice() -> None:
    """In autumn, 02:30 is once, for those that look for the next tick and for the latest."""
    nightly = schedule(cron="30 2 * * *", timezone="Europe/Berlin")
    tick, next_day = at(2026, 10, 25, 2, 30), at(2026, 10, 26, 2, 30)

    assert nightly.following(at(2026, 10, 24, 12, 0)) == tick
    assert nightly.following(tick) == next_day
    moments = [at(2026, 10, 25, 2, 31), at(2026, 10, 25, 2, 31, fold=1), at(2026, 10, 25, 12, 0), next_day - 1]
    assert [nightly.latest(one) for one in moments] == [tick] * 4


@pytest.mark.parametrize(
    ("name", "expression"), [("@daily", "0 0 * * *"), ("@hourly", "0 * * * *"), ("@Weekly", "0 0 * * 0")]
)
def test_short_names(name: str, expression: str) -> None:
    """They are those of cron."""
    now = at(2026, 12, 1, 12, 34)

    assert schedule(cron=name).following(now) == schedule(cron=expression).following(now)
    assert schedule(cron=name).text == f"cron {name} UTC"


def test_periods_are_multiples() -> None:
    """All processes compute the same ticks."""
    often = schedule(every=timedelta(seconds=0.5), overlap=True)

    assert (often.latest(10.0), often.latest(10.4), often.following(10.4)) == (10.0, 10.0, 10.5)
    assert (often.text, often.overlap) == ("every 0.5 s", True)


class Nightly(Jobs):
    """A job with a schedule."""

    @job(cron="@daily")
    async def run(self) -> None:
        """Do nothing."""


def open_engine() -> AsyncEngine:
    """Return the engine; it is not called."""
    raise NotImplementedError


@pytest.mark.parametrize(
    ("module", "message"),
    [
        ("cronsim", "cron= requires the package cronsim"),
        ("sqlalchemy.ext.asyncio", "jobs require the package sqlalchemy"),
    ],
)
def test_a_missing_package_is_named(module: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hint is the extra."""
    container = Container()
    container.add_singleton(AsyncEngine, open_engine)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(DefinitionErrors) as raised:
        App(jobs=[Nightly], container=container, openapi=None).build()

    (error,) = raised.value.exceptions
    assert isinstance(error, Exception)
    assert str(error).partition(": ")[2] == f"{message}.\n  Hint: pip install 'framework-aiohttp[jobs]'."


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first connection."""
    monkeypatch.setattr("framework._jobs.providing.find_spec", lambda _: None)
    with pytest.raises(DefinitionErrors) as raised:
        App(jobs=JobSettings([Nightly], url="postgresql+asyncpg://host/name"), openapi=None).build()

    (error,) = raised.value.exceptions
    assert str(error).partition(": ")[2] == (
        "jobs at postgresql+asyncpg require the package asyncpg.\n"
        "  Hint: pip install 'framework-aiohttp[jobs,postgres]'."
    )


def test_an_app_without_jobs_imports_nothing() -> None:
    """Neither a database nor the machinery of jobs."""
    program = (
        "import sys\n"
        "from framework import App\n"
        "App().build()\n"
        "unwanted = ('sqlalchemy', 'cronsim', 'taskiq', 'framework._jobs', 'framework._compile.jobs')\n"
        "print([one for one in sys.modules if one.startswith(unwanted)])\n"
    )
    done = subprocess.run(  # noqa: S603  fixed words
        [sys.executable, "-c", program], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"
