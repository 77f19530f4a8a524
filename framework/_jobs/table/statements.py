"""The statements that workers execute, for PostgreSQL and SQLite.

Everything that a worker writes is fenced: it changes a job only while that is running, claimed by the same owner and in
the same attempt. Rows of parameters are passed as JSON, which both databases can read as a table.
"""

from functools import cache, cached_property

from sqlalchemy import LargeBinary, TextClause, bindparam, text

__all__ = ("HANDED", "Statements")

HANDED = 2
"""The value of ``blocked`` of a job that a broker carries."""
_FENCE = "state = 1 AND owner = :owner AND attempt = :attempt AND id = :id"
_FREE = "owner = NULL, lease_until = NULL, cancelling = 0"
_WAITING = "state = 0 AND blocked = 0"
_ORDER = "ORDER BY priority, run_at, id"
_CLOCK = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"
_DELAY = "CAST(:delay AS bigint)"
_CLAIMED = "id, name, queue, arguments, context, priority, attempt, max_attempts, concurrency_key, concurrency"
_OF_JOB = ", ".join(f"j.{column}" for column in _CLAIMED.split(", "))
_RUNS = "NOT EXISTS (SELECT 1 FROM framework_job_queues p WHERE p.name = j.queue AND p.paused = 1)"


class Statements:
    """The statements for one of the databases."""

    def __init__(self, *, postgresql: bool) -> None:
        self._postgresql = postgresql
        # now() is the start of the transaction. A subquery is evaluated once, so that indexes can be used.
        self.now = f"(SELECT {_CLOCK})" if postgresql else ":now"
        self._skip = "FOR UPDATE SKIP LOCKED" if postgresql else ""
        self.time = text(f"SELECT {self.now}")
        self._claims()
        self._ends()
        self._leases()
        self._keeps()
        self._hand_over()

    def _claims(self) -> None:
        """Make the statements that claim jobs, within the limits of concurrency keys."""
        now = self.now
        self.claim_ids = text(
            f"UPDATE framework_jobs SET state = 1, blocked = 0, attempt = attempt + 1, owner = :owner,"
            f" lease_until = {now} + :lease WHERE {self._in('id', ':ids')}"
        )
        self.block = text(
            "UPDATE framework_jobs SET blocked = 1 WHERE id IN (SELECT id FROM framework_jobs"
            f" WHERE {_WAITING} AND concurrency_key = :key LIMIT 1000 {self._skip})"
        )
        self.unblock = text(
            "UPDATE framework_jobs SET blocked = 0 WHERE id IN (SELECT id FROM framework_jobs"
            f" WHERE state = 0 AND blocked = 1 AND concurrency_key = :key {_ORDER} LIMIT :count {self._skip})"
        )
        self.running = text(
            "SELECT concurrency_key, count(*) AS running FROM framework_jobs"
            f" WHERE state = 1 AND {self._in('concurrency_key', ':keys', 'text')} GROUP BY concurrency_key"
        )
        blocked = "FROM framework_jobs WHERE state = 0 AND blocked = 1"
        # One step of the index for each key, and not for each job.
        self.blocked_keys = text(
            f"WITH RECURSIVE k(key) AS (SELECT min(concurrency_key) {blocked} UNION ALL"
            f" SELECT (SELECT min(concurrency_key) {blocked} AND concurrency_key > key) FROM k WHERE key IS NOT NULL)"
            f" SELECT key, (SELECT concurrency {blocked} AND concurrency_key = key {_ORDER} LIMIT 1) AS most"
            " FROM k WHERE key IS NOT NULL"
        )
        self.lock_keys = text("SELECT pg_advisory_xact_lock(:space, h) FROM unnest(CAST(:hashes AS integer[])) AS h")

    def _ends(self) -> None:
        """Make the statements that end attempts, and report their progress."""
        now, rows, delay = self.now, self._rows(), _DELAY
        self.done_many = text(
            f"UPDATE framework_jobs SET state = 2, finished_at = {now}, {_FREE} FROM {rows} WHERE state = 1"
            " AND framework_jobs.id = w.id AND framework_jobs.attempt = w.attempt AND framework_jobs.owner = w.owner"
            " RETURNING framework_jobs.id"
        )
        self.done = text(
            f"UPDATE framework_jobs SET state = 2, finished_at = {now}, {_FREE}, result = :result,"
            f" result_until = {now} + :lifetime WHERE {_FENCE} RETURNING id"
        ).bindparams(bindparam("result", type_=LargeBinary))
        self.failed = self._ended(
            f"CASE WHEN cancelling = 1 THEN 4 WHEN attempt >= max_attempts THEN 3 WHEN {delay} > 0 THEN 5 ELSE 0 END",
            f"run_at = {now} + {delay},",
        )
        self.dead = self._ended("3", "")
        self.cancelled = self._ended("4", "")
        self.released = self._ended(
            f"CASE WHEN cancelling = 1 THEN 4 WHEN {delay} > 0 THEN 5 ELSE 0 END",
            f"attempt = attempt - 1, run_at = CASE WHEN {delay} > 0 THEN {now} + {delay} ELSE run_at END,",
        )
        self.hand_back = text(
            f"UPDATE framework_jobs SET state = 0, attempt = attempt - 1, {_FREE} WHERE state = 1 AND owner = :owner"
            " RETURNING concurrency_key"
        )
        self.progress = text(f"UPDATE framework_jobs SET progress = :progress WHERE {_FENCE}")

    def _leases(self) -> None:
        """Make the statements that renew leases, and let jobs go on whose lease or delay is over."""
        now, rows = self.now, self._rows()
        self.renew = text(
            f"UPDATE framework_jobs SET lease_until = {now} + :lease WHERE id IN (SELECT framework_jobs.id"
            f" FROM framework_jobs JOIN {rows} ON framework_jobs.id = w.id AND framework_jobs.attempt = w.attempt"
            f" AND framework_jobs.owner = w.owner WHERE state = 1 {self._skip_jobs()}) RETURNING id, owner, cancelling"
        )
        self.held = text(
            f"SELECT j.id, j.owner FROM framework_jobs j JOIN {rows} ON j.id = w.id AND j.attempt = w.attempt"
            " AND j.owner = w.owner WHERE j.state = 1"
        )
        self.any_lost = self._any("lease_until", "state = 1", now)
        self.rescue = text(
            "UPDATE framework_jobs SET state = CASE WHEN cancelling = 1 THEN 4 WHEN attempt >= max_attempts THEN 3"
            f" ELSE 0 END, finished_at = CASE WHEN cancelling = 1 OR attempt >= max_attempts THEN {now} END,"
            f" {_FREE}, error = :error WHERE id IN (SELECT id FROM framework_jobs"
            f" WHERE state = 1 AND lease_until < {now} ORDER BY lease_until LIMIT 1000 {self._skip})"
            " RETURNING id, concurrency_key"
        )
        self.any_due = self._any("run_at", "state = 5", now)
        self.make_due = text(
            "UPDATE framework_jobs SET state = 0, blocked = 0 WHERE id IN (SELECT id FROM framework_jobs"
            f" WHERE state = 5 AND run_at <= {now} ORDER BY run_at LIMIT 1000 {self._skip}) RETURNING id"
        )

    def _keeps(self) -> None:
        """Make the statements for schedules, results, and old jobs."""
        now = self.now
        self.tick = text(
            "INSERT INTO framework_job_schedules (name, last_at) VALUES (:name, :at) ON CONFLICT (name) DO UPDATE"
            " SET last_at = excluded.last_at WHERE framework_job_schedules.last_at < excluded.last_at RETURNING name"
        )
        ended = f"{now} - CAST(:age AS bigint)"
        # The list of states is that of the index.
        of_state = "state IN (2, 3, 4) AND state = :state"
        self.any_old = self._any("finished_at", of_state, ended)
        self.prune = text(
            f"DELETE FROM framework_jobs WHERE id IN (SELECT id FROM framework_jobs WHERE {of_state}"
            f" AND finished_at < {ended} ORDER BY finished_at LIMIT 1000 {self._skip})"
        )
        self.any_expired = self._any("result_until", "result IS NOT NULL", now)
        self.expire = text(
            "UPDATE framework_jobs SET result = NULL, result_until = NULL WHERE id IN (SELECT id FROM framework_jobs"
            f" WHERE result IS NOT NULL AND result_until < {now} ORDER BY result_until LIMIT 1000 {self._skip})"
        )
        self.forget_schedule = text("DELETE FROM framework_job_schedules WHERE name = :name")
        self.keep_schedule = text(
            "INSERT INTO framework_job_schedules (name, last_at) VALUES (:name, :at) ON CONFLICT (name) DO NOTHING"
        )
        self.result = text(f"SELECT result FROM framework_jobs WHERE id = :id AND state = 2 AND result_until >= {now}")

    def _hand_over(self) -> None:
        """Make the statements for jobs that a broker carries."""
        carried = f"state = 0 AND blocked = {HANDED}"
        freed = "owner = NULL, lease_until = NULL"
        self.count_handed = text(
            f"SELECT count(*) FROM (SELECT 1 FROM framework_jobs WHERE {carried} AND queue = :q0 LIMIT :window) AS h"
        )
        self.hand_over = text(
            f"WITH c AS MATERIALIZED (SELECT id FROM framework_jobs WHERE {_WAITING} AND queue = :queue AND NOT EXISTS"
            " (SELECT 1 FROM framework_job_queues WHERE name = :queue AND paused = 1)"
            f" {_ORDER} LIMIT :limit {self._skip})"
            f" UPDATE framework_jobs SET blocked = {HANDED}, owner = :owner, lease_until = {self.now} + :lease"
            " WHERE id IN (SELECT id FROM c) RETURNING id, attempt, lease_until, priority, run_at"
        )
        self.queues_handed = text(f"SELECT DISTINCT queue FROM framework_jobs WHERE {carried}")
        self.take_back = text(f"UPDATE framework_jobs SET blocked = 0, {freed} WHERE {carried} AND owner = :owner")
        # Those that a limit or a pause keeps from running, after their message has been received.
        self.leave_handed = text(
            f"UPDATE framework_jobs SET blocked = CASE WHEN {self._in('concurrency_key', ':keys', 'text')} THEN 1"
            f" ELSE 0 END, {freed} WHERE id IN (SELECT j.id FROM framework_jobs j JOIN {self._rows()} ON j.id = w.id"
            f" AND j.attempt = w.attempt AND j.owner = w.owner) AND {carried}"
        )
        expired = f"{carried} AND queue = :queue AND lease_until < :before AND lease_until < {self.now}"
        self.any_expired_handed = text(f"SELECT 1 FROM framework_jobs WHERE {expired} LIMIT 1")
        self.recall = text(f"UPDATE framework_jobs SET blocked = 0, {freed} WHERE {expired} RETURNING id")

    @cache  # noqa: B019  there are two of these objects, which live as long as the process
    def candidates(self, queues: int) -> TextClause:
        """Return the statement that reads the first jobs of the queues, and on PostgreSQL claims what has no limit."""
        if not self._postgresql:
            reads = " UNION ALL ".join(
                f"SELECT * FROM (SELECT {_CLAIMED}, run_at FROM framework_jobs WHERE {_WAITING} AND queue = :q{number}"
                f" AND NOT EXISTS (SELECT 1 FROM framework_job_queues WHERE name = :q{number} AND paused = 1)"
                f" {_ORDER} LIMIT :limit)"
                for number in range(queues)
            )
            return text(f"SELECT {_CLAIMED} FROM ({reads}) {_ORDER} LIMIT :limit")
        names = ", ".join(f"(:q{number})" for number in range(queues))
        return self._claim(
            f"SELECT x.id, x.concurrency_key, x.priority, x.run_at FROM (VALUES {names})"
            f" AS q(name) CROSS JOIN LATERAL (SELECT id, concurrency_key, priority, run_at FROM framework_jobs"
            f" WHERE {_WAITING} AND queue = q.name AND NOT EXISTS (SELECT 1 FROM framework_job_queues p"
            f" WHERE p.name = q.name AND p.paused = 1) {_ORDER} LIMIT :limit {self._skip}) AS x {_ORDER} LIMIT :limit"
        )

    @cached_property
    def handed(self) -> TextClause:
        """Return the statement that reads jobs that a broker carried, and on PostgreSQL claims what has no limit."""
        fence = f"JOIN {self._rows()} ON j.id = w.id AND j.attempt = w.attempt AND j.owner = w.owner"
        carried = f"j.state = 0 AND j.blocked = {HANDED} AND {_RUNS}"
        if not self._postgresql:
            order = "ORDER BY j.priority, j.run_at, j.id"
            return text(f"SELECT {_OF_JOB} FROM framework_jobs j {fence} WHERE {carried} {order}")
        return self._claim(
            f"SELECT j.id, j.concurrency_key FROM framework_jobs j {fence} WHERE {carried}"
            " ORDER BY j.id FOR UPDATE OF j SKIP LOCKED"
        )

    def _claim(self, chosen: str) -> TextClause:
        """Return the statement of PostgreSQL that claims jobs of a query without a limit, and reads the others."""
        # Materialized: in a subquery, the planner might execute SKIP LOCKED more than once.
        return text(
            f"WITH c AS MATERIALIZED ({chosen}),"
            f" u AS (UPDATE framework_jobs j SET state = 1, blocked = 0, attempt = attempt + 1, owner = :owner,"
            f" lease_until = {self.now} + :lease FROM c WHERE j.id = c.id AND c.concurrency_key IS NULL"
            f" RETURNING {_OF_JOB}, j.run_at)"
            f" SELECT {_CLAIMED}, run_at FROM u UNION ALL SELECT {_OF_JOB}, j.run_at FROM framework_jobs j"
            f" JOIN c ON c.id = j.id WHERE c.concurrency_key IS NOT NULL {_ORDER}"
        )

    @cache  # noqa: B019  as above
    def any_ready(self, queues: int) -> TextClause:
        """Return the statement that finds out whether a claim would find something."""
        names = ", ".join(f":q{number}" for number in range(queues))
        return text(
            f"SELECT 1 FROM framework_jobs WHERE {_WAITING} AND queue IN ({names}) AND queue NOT IN"
            " (SELECT name FROM framework_job_queues WHERE paused = 1) LIMIT 1"
        )

    def _any(self, column: str, where: str, before: str) -> TextClause:
        """Return the statement that finds out whether the first row of an index is before a time.

        Without the order, the planner of PostgreSQL expects that many rows are, and reads the table.
        """
        first = f"SELECT {column} AS at FROM framework_jobs WHERE {where} ORDER BY {column} LIMIT 1"
        return text(f"SELECT 1 FROM ({first}) AS f WHERE at <= {before}")

    def _ended(self, state: str, more: str) -> TextClause:
        """Return the statement that ends an attempt in a state, which is an expression."""
        return text(
            f"UPDATE framework_jobs SET state = {state}, finished_at = CASE WHEN {state} IN (2, 3, 4) THEN {self.now}"
            f" END, {more} {_FREE}, blocked = 0, error = COALESCE(:error, error) WHERE {_FENCE} RETURNING id"
        )

    def _rows(self) -> str:
        """Return the parameter ``rows`` as a table: the id, attempt and owner of jobs."""
        if self._postgresql:
            return "jsonb_to_recordset(CAST(CAST(:rows AS text) AS jsonb)) AS w(id bigint, attempt int, owner text)"
        return (
            "(SELECT json_extract(value, '$.id') AS id, json_extract(value, '$.attempt') AS attempt,"
            " json_extract(value, '$.owner') AS owner FROM json_each(:rows)) AS w"
        )

    def _in(self, column: str, name: str, kind: str = "bigint") -> str:
        """Return the condition that a column is in a JSON array."""
        if self._postgresql:
            return (
                f"{column} IN (SELECT CAST(v AS {kind})"
                f" FROM jsonb_array_elements_text(CAST(CAST({name} AS text) AS jsonb)) AS v)"
            )
        return f"{column} IN (SELECT value FROM json_each({name}))"

    def _skip_jobs(self) -> str:
        return "FOR UPDATE OF framework_jobs SKIP LOCKED" if self._postgresql else ""
