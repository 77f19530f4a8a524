"""The stored jobs of an app: listed, retried and discarded by code, by HTTP routes and on a page."""

from typing import Any

from framework._jobs.page.controller import Changed, JobsController, JobSelection, NoSuchJob, QueueChange
from framework._jobs.store import JobFilter, JobStore, QueueState, StoredJob

__all__ = (
    "Changed",
    "JobFilter",
    "JobSelection",
    "JobStore",
    "JobsController",
    "NoSuchJob",
    "QueueChange",
    "QueueState",
    "StoredJob",
    "create_tables",
    "drop_tables",
    "jobs_ready",
)


async def jobs_ready(store: JobStore) -> None:
    """Fail while the jobs cannot be stored: ``Health(checks=[jobs_ready])``."""
    await store.check()


def create_tables(connection: Any) -> None:
    """Create the tables of the jobs that do not exist, in a migration of Alembic: ``create_tables(op.get_bind())``."""
    # Imported late: it requires sqlalchemy.
    from framework._jobs.table.schema import create_tables as create

    create(connection)


def drop_tables(connection: Any) -> None:
    """Drop the tables of the jobs, with all jobs; for the downgrade of a migration."""
    from framework._jobs.table.schema import drop_tables as drop

    drop(connection)
