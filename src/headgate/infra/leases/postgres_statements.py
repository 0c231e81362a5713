"""What Postgres is told. Sets of rows come as one JSON document, so that a statement is one for any number of windows.

Order is by the bytes of the ids, which is the order of Python's strings, whatever the database's collation is.
"""

from headgate.infra.leases.statements import OPEN_OWNERS, ROW, SPEC
from headgate.infra.leases.statements import PULSE as _PULSE

BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"
"""Each statement sees what was committed while it waited for its locks."""
COMMIT = "COMMIT"
ROLLBACK = "ROLLBACK"

INSERT_OWNER = """
INSERT INTO headgate_owner (id, node, boot_id, state, op_seq, registered_at)
VALUES (%s, %s, %s, 'open', 0, clock_timestamp()) ON CONFLICT (id) DO NOTHING
"""
INSERT_CURSOR = """
INSERT INTO headgate_cursor (owner_id, posted, low_watermark) VALUES (%s, 0, 0) ON CONFLICT (owner_id) DO NOTHING
"""
LOCK_OWNER = f"SELECT op_seq, state, {OPEN_OWNERS} FROM headgate_owner WHERE id = %s FOR UPDATE"  # noqa: S608
SET_OPERATION = "UPDATE headgate_owner SET op_seq = %s WHERE id = %s"

# Who inserts waits for who inserts the same window; all insert ascending and before they lock any: there is no circle.
INSERT_WINDOWS = f"""
INSERT INTO headgate_window ({SPEC})
SELECT id, budget_id, organization_id, scope, subject, label, epoch, unit, starts_at, ends_at,
       "limit", hard, limit_version, currency, usd_rate
FROM jsonb_to_recordset(%s::jsonb) AS given (
    id text, budget_id text, organization_id text, scope text, subject text, label text, epoch bigint, unit text,
    starts_at bigint, ends_at bigint, "limit" bigint, hard bigint, limit_version bigint, currency text, usd_rate text
)
ORDER BY id COLLATE "C"
ON CONFLICT (id) DO NOTHING
"""  # noqa: S608
FIND_WINDOWS = f"""
SELECT {ROW} FROM headgate_window WHERE id = ANY(%s) ORDER BY id COLLATE "C"
"""  # noqa: S608
# A stronger lock would also stop those who only refer to the window.
LOCK_WINDOWS = f"{FIND_WINDOWS} FOR NO KEY UPDATE"
UPDATE_WINDOWS = """
UPDATE headgate_window AS it SET
    limit_amount = judged."limit", hard_limit = judged.hard, limit_version = judged.limit_version,
    leased = judged.leased, excess = judged.excess, scarce = judged.scarce
FROM jsonb_to_recordset(%s::jsonb) AS judged (
    id text, "limit" bigint, hard bigint, limit_version bigint, leased bigint, excess bigint, scarce boolean
)
WHERE it.id = judged.id
"""
RECALL = f"""
WITH locked AS (
    SELECT id FROM headgate_window WHERE id = ANY(%s) ORDER BY id COLLATE "C" FOR NO KEY UPDATE
)
UPDATE headgate_window SET recall_gen = recall_gen + 1 WHERE id IN (SELECT id FROM locked) RETURNING {ROW}
"""  # noqa: S608

LOCK_LEASES = """
SELECT window_id, lease_class, remaining FROM headgate_lease
WHERE owner_id = %s AND window_id = ANY(%s) ORDER BY window_id COLLATE "C", lease_class FOR UPDATE
"""
ADD_TO_LEASES = """
INSERT INTO headgate_lease AS it (owner_id, window_id, lease_class, remaining)
SELECT %s, window_id, lease_class, amount
FROM jsonb_to_recordset(%s::jsonb) AS given (window_id text, lease_class text, amount bigint)
ON CONFLICT (window_id, owner_id, lease_class) DO UPDATE SET remaining = it.remaining + excluded.remaining
"""
TAKE_FROM_LEASES = """
UPDATE headgate_lease AS it SET remaining = it.remaining - given.amount
FROM jsonb_to_recordset(%s::jsonb) AS given (window_id text, lease_class text, amount bigint)
WHERE it.owner_id = %s AND it.window_id = given.window_id AND it.lease_class = given.lease_class
"""
CLEAR_LEASES = "DELETE FROM headgate_lease WHERE owner_id = %s AND window_id = ANY(%s) AND remaining = 0"

PULSE = _PULSE.format(clock="extract(epoch FROM clock_timestamp())::float8", owner="%(owner)s")
