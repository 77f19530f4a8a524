"""What the channels say to PostgreSQL."""

__all__ = (
    "ADD",
    "CREATE",
    "LATEST",
    "LOCK",
    "NEWER",
    "PRESENCE_ADD",
    "PRESENCE_CREATE",
    "PRESENCE_PRUNE",
    "PRESENCE_READ",
    "PRESENCE_REMOVE",
    "PRUNE",
    "PRUNE_ROOMS",
)

# Without the look beforehand, it would warn that the table exists; several processes may start at once.
CREATE = """
DO $$ BEGIN
    IF to_regclass('framework_channel_events') IS NULL THEN
        PERFORM pg_advisory_xact_lock(7310868735421312110);
        CREATE TABLE IF NOT EXISTS framework_channel_events (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            address text NOT NULL,
            previous bigint NOT NULL,
            data bytea NOT NULL,
            at timestamptz NOT NULL DEFAULT clock_timestamp()
        );
        CREATE INDEX IF NOT EXISTS framework_channel_events_by_address ON framework_channel_events (address, id);
    END IF;
END $$
"""

LOCK = "SELECT pg_advisory_xact_lock($1)"

ADD = """
WITH added AS (
    INSERT INTO framework_channel_events (address, previous, data)
    VALUES ($1, coalesce((SELECT max(id) FROM framework_channel_events WHERE address = $1), 0), $2)
    RETURNING id, previous
)
SELECT pg_notify($3, id || ' ' || previous || ' ' || $4) FROM added
"""

LATEST = """
SELECT id, previous, data FROM framework_channel_events WHERE address = $1 ORDER BY id DESC LIMIT $2
"""

NEWER = """
SELECT id, previous, data FROM framework_channel_events WHERE address = $1 AND id > $2 ORDER BY id DESC LIMIT $3
"""

PRUNE = """
DELETE FROM framework_channel_events WHERE address = $1 AND id <= (
    SELECT id FROM framework_channel_events WHERE address = $1 ORDER BY id DESC OFFSET $2 LIMIT 1
)
"""

PRUNE_ROOMS = """
DELETE FROM framework_channel_events
WHERE starts_with(address, $1) AND strpos(address, '/') > 0 AND at < clock_timestamp() - make_interval(secs => $2)
"""

# Unlogged: it is empty after the server was killed, and each process adds its connections again.
PRESENCE_CREATE = """
DO $$ BEGIN
    IF to_regclass('framework_channel_presence') IS NULL THEN
        PERFORM pg_advisory_xact_lock(7310868735421312110);
        CREATE UNLOGGED TABLE IF NOT EXISTS framework_channel_presence (
            address text NOT NULL,
            id text NOT NULL,
            data bytea NOT NULL,
            ends_at timestamptz NOT NULL,
            PRIMARY KEY (address, id)
        );
        CREATE INDEX IF NOT EXISTS framework_channel_presence_by_end ON framework_channel_presence (ends_at);
    END IF;
END $$
"""

PRESENCE_ADD = """
INSERT INTO framework_channel_presence (address, id, data, ends_at)
SELECT $1, one.id, one.data, clock_timestamp() + make_interval(secs => $4)
FROM unnest($2::text[], $3::bytea[]) AS one (id, data)
ON CONFLICT (address, id) DO UPDATE SET data = excluded.data, ends_at = excluded.ends_at
"""

PRESENCE_REMOVE = "DELETE FROM framework_channel_presence WHERE address = $1 AND id = ANY ($2::text[])"

PRESENCE_READ = """
SELECT id, data FROM framework_channel_presence WHERE address = $1 AND ends_at > clock_timestamp() ORDER BY id
"""

# Rows that another process renews at this moment are skipped.
PRESENCE_PRUNE = """
DELETE FROM framework_channel_presence WHERE (address, id) IN (
    SELECT address, id FROM framework_channel_presence WHERE ends_at < clock_timestamp() FOR UPDATE SKIP LOCKED
)
"""
