"""The tables of the jobs. Times are milliseconds since the epoch: of the server's clock, on SQLite of the machine's."""

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    event,
    inspect,
    text,
)

__all__ = ("JOBS", "QUEUES", "SCHEDULES", "create_tables", "drop_tables", "jobs_metadata", "missing_tables")

jobs_metadata = MetaData()
"""The metadata of the tables, separate from the application's own."""

JOBS = Table(
    "framework_jobs",
    jobs_metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("queue", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("arguments", LargeBinary, nullable=False),
    Column("context", Text),
    Column("state", SmallInteger, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("run_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("attempt", SmallInteger, nullable=False),
    Column("max_attempts", SmallInteger, nullable=False),
    Column("owner", String(120)),
    Column("lease_until", BigInteger),
    # A worker that runs it cancels it at its next heartbeat.
    Column("cancelling", SmallInteger, nullable=False, server_default=text("0")),
    Column("unique_key", String(200)),
    Column("concurrency_key", String(200)),
    Column("concurrency", Integer),
    # A ready job that claims do not see: 1 until one with its concurrency key ends, 2 while a broker carries it. Its
    # owner is then the batch in which it was handed over, and its lease ends when it may be handed over again.
    Column("blocked", SmallInteger, nullable=False, server_default=text("0")),
    Column("error", Text),
    Column("result", LargeBinary),
    Column("result_until", BigInteger),
    Column("progress", Text),
    # Ids are never used again, although SQLite would do so after the newest row is deleted.
    sqlite_autoincrement=True,
)

QUEUES = Table(
    "framework_job_queues",
    jobs_metadata,
    Column("name", String(64), primary_key=True),
    Column("paused", SmallInteger, nullable=False),
)

SCHEDULES = Table(
    "framework_job_schedules",
    jobs_metadata,
    Column("name", String(200), primary_key=True),
    Column("last_at", BigInteger, nullable=False),
)


def _index(name: str, columns: tuple[str, ...], where: str, *, unique: bool = False) -> None:
    condition = text(where)
    Index(
        f"framework_jobs_{name}",
        *(JOBS.c[column] for column in columns),
        unique=unique,
        postgresql_where=condition,
        sqlite_where=condition,
    )


_index("ready", ("queue", "priority", "run_at", "id"), "state = 0 AND blocked = 0")
_index("open", ("concurrency_key",), "state = 0 AND blocked = 0 AND concurrency_key IS NOT NULL")
_index("blocked", ("concurrency_key", "priority", "run_at", "id"), "state = 0 AND blocked = 1")
_index("handed", ("queue", "lease_until"), "state = 0 AND blocked = 2")
_index("limited", ("concurrency_key",), "state = 1 AND concurrency_key IS NOT NULL")
_index("scheduled", ("run_at",), "state = 5")
_index("leases", ("lease_until",), "state = 1")
_index("ended", ("state", "finished_at"), "state IN (2, 3, 4)")
_index("results", ("result_until",), "result IS NOT NULL")
_index("unique", ("unique_key",), "state IN (0, 1, 5) AND unique_key IS NOT NULL", unique=True)

# Each job is updated several times and then deleted. By default PostgreSQL would vacuum only after a fifth of the table
# has changed, and claims read all dead rows until then.
event.listen(
    JOBS,
    "after_create",
    DDL(
        "ALTER TABLE framework_jobs SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01,"
        " autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0)"
    ).execute_if(dialect="postgresql"),  # type: ignore[no-untyped-call]
)


def create_tables(connection: Connection) -> None:
    """Create the tables that do not exist; in a migration of Alembic: ``create_tables(op.get_bind())``."""
    jobs_metadata.create_all(connection)


def drop_tables(connection: Connection) -> None:
    """Drop the tables, with all jobs; for the downgrade of a migration."""
    jobs_metadata.drop_all(connection)


def missing_tables(connection: Connection) -> list[str]:
    """Return the names of the tables that do not exist."""
    found = set(inspect(connection).get_table_names())
    return [name for name in jobs_metadata.tables if name not in found]
