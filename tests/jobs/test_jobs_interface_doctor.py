"""What keeps jobs from running: queues, dead jobs, and long transactions of PostgreSQL."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from framework._jobs import examining
from framework._jobs.examining import Finding, examine, examine_database
from framework._jobs.records import JobState
from framework.job_store import JobStore
from framework.jobs import Jobs, job
from tests.jobs.working import working


class Work(Jobs):
    """Jobs that end in different ways."""

    @job(retries=0)
    async def fails(self) -> None:
        """Fail."""
        raise ValueError

    @job(queue="mails")
    async def run(self) -> None:
        """Do nothing."""


async def test_dead_and_late_jobs_are_found(database: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """On both databases."""
    monkeypatch.setattr(examining, "_LATE", -1.0)
    async with working(database, Work, queues=("default",)) as app:
        store = await app.services.get(JobStore)
        assert await examine(store, app.table) == []
        await app.until(await app.add(Work.fails), JobState.DEAD)
        await app.add(Work.run)
        found = await examine(store, app.table)

    assert [one.what for one in found] == [
        "queue default has 1 dead job",
        "queue mails has a job that has been ready for 0 s",
        "queue mails has waiting jobs, and workers do not serve it by default",
    ]


async def test_a_long_transaction_is_found(database: AsyncEngine, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps dead rows in the table; SQLite has no such thing."""
    monkeypatch.setattr(examining, "_DEAD_ROWS", -1)
    async with working(database, Work), database.connect() as other:
        if kind == "sqlite":
            assert await examine_database(database) == []
            return
        await other.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        await other.execute(text("SELECT count(*) FROM framework_jobs"))
        rows = Finding(
            "the table of the jobs has 0 dead rows",
            "VACUUM framework_jobs, after the long transaction that kept them has ended",
        )
        assert await examine_database(database) == [rows]
        monkeypatch.setattr(examining, "_LONG", -1)
        transaction, others = await examine_database(database)

    assert others == rows
    assert transaction.what.startswith("a transaction of the process ")
    assert transaction.what.endswith(" s")
