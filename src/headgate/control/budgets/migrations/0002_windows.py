"""Windows and leases: strict tables where the database has them, and the money protocol's invariant as a constraint."""

from django.db import migrations

_COLUMNS = """
    id {key} NOT NULL PRIMARY KEY,
    budget_id {text} NOT NULL,
    organization_id {text},
    scope {text} NOT NULL,
    subject {text} NOT NULL,
    label {text} NOT NULL,
    epoch {integer} NOT NULL,
    unit {text} NOT NULL,
    starts_at {integer} NOT NULL,
    ends_at {integer},
    limit_amount {integer} NOT NULL CHECK (limit_amount >= 0),
    hard_limit {integer} NOT NULL CHECK (hard_limit >= limit_amount),
    limit_version {integer} NOT NULL,
    currency {text} NOT NULL,
    usd_rate {text} NOT NULL,
    spent {integer} NOT NULL DEFAULT 0 CHECK (spent >= 0),
    leased {integer} NOT NULL DEFAULT 0 CHECK (leased >= 0),
    excess {integer} NOT NULL DEFAULT 0 CHECK (excess >= 0),
    overrun {integer} NOT NULL DEFAULT 0 CHECK (overrun >= 0),
    scarce {boolean} NOT NULL DEFAULT {false},
    recall_gen {integer} NOT NULL DEFAULT 0 CHECK (recall_gen >= 0),
    CONSTRAINT headgate_window_never_overdrawn CHECK (spent + leased <= hard_limit + excess)
"""
_LEASE = """
    window_id {key} NOT NULL REFERENCES headgate_window (id),
    owner_id {text} NOT NULL,
    lease_class {text} NOT NULL CHECK (lease_class IN ('normal', 'critical')),
    remaining {integer} NOT NULL CHECK (remaining >= 0),
    PRIMARY KEY (window_id, owner_id, lease_class)
"""
_INDEXES = (
    "CREATE INDEX headgate_window_budget ON headgate_window (budget_id, subject, starts_at)",
    "CREATE INDEX headgate_window_organization ON headgate_window (organization_id, starts_at)",
    "CREATE INDEX headgate_lease_owner ON headgate_lease (owner_id)",
)


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        words = {"key": "TEXT", "text": "TEXT", "integer": "INTEGER", "boolean": "INTEGER", "false": "0"}
        options = " STRICT"
    else:
        # Windows are locked in the order of their names: the same order in the database as in every process.
        # Rows that are updated all day: room in the page for the next version keeps the index untouched.
        words = {"key": 'TEXT COLLATE "C"', "text": "TEXT", "integer": "BIGINT", "boolean": "BOOLEAN", "false": "FALSE"}
        options = " WITH (fillfactor = 50)"
    schema_editor.execute(f"CREATE TABLE headgate_window ({_COLUMNS.format(**words)}){options}")
    schema_editor.execute(f"CREATE TABLE headgate_lease ({_LEASE.format(**words)}){options}")
    for index in _INDEXES:
        schema_editor.execute(index)


def drop(apps, schema_editor):
    schema_editor.execute("DROP TABLE headgate_lease")
    schema_editor.execute("DROP TABLE headgate_window")


class Migration(migrations.Migration):
    dependencies = [("budgets", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
