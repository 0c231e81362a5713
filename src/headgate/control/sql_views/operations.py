"""Writes: the views themselves. Nothing is written through them: the database refuses it."""

import hashlib
from typing import Any

from django.db import connections, transaction

from headgate.control.sql_views.definitions import REFUSAL, TABLES, VIEWS, query_of

_CHANGES = ("INSERT", "UPDATE", "DELETE")
_REFUSE = """
    CREATE OR REPLACE FUNCTION headgate_view_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{refusal}' USING ERRCODE = 'integrity_constraint_violation'; END $$
"""


def make_views(using: str = "default") -> None:
    """Make the views, where the tables are there. One that is as it should be stays, with who may read it."""
    connection = connections[using]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        if not set(TABLES) <= set(connection.introspection.table_names(cursor)):
            return
        if connection.vendor == "sqlite":
            _drop(cursor)
            for view in VIEWS:
                _make_on_sqlite(cursor, view)
            return
        cursor.execute(_REFUSE.format(refusal=REFUSAL))
        for view in VIEWS:
            _make_on_postgres(cursor, view)


def drop_views(using: str = "default") -> None:
    """Take the views away on SQLite, which renames no table that a view reads. Postgres keeps them and their grants."""
    connection = connections[using]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            _drop(cursor)


def _make_on_sqlite(cursor: Any, view: str) -> None:
    cursor.execute(f'CREATE VIEW "{view}" AS {query_of(view, "sqlite")}')
    for change in _CHANGES:
        cursor.execute(
            f'CREATE TRIGGER "{view}_{change.lower()}_refused" INSTEAD OF {change} ON "{view}" '
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )


def _make_on_postgres(cursor: Any, view: str) -> None:
    """Make a view whose comment says what it was made of; one that says the same is left alone."""
    query = query_of(view, "postgresql")
    digest = hashlib.sha256(query.encode()).hexdigest()
    cursor.execute("SELECT obj_description(to_regclass(%s), 'pg_class')", [f'"{view}"'])
    if cursor.fetchone()[0] == digest:
        return
    cursor.execute(f'DROP VIEW IF EXISTS "{view}"')
    cursor.execute(f'CREATE VIEW "{view}" AS {query}')
    cursor.execute(
        f'CREATE TRIGGER refused INSTEAD OF {" OR ".join(_CHANGES)} ON "{view}" '
        "FOR EACH ROW EXECUTE FUNCTION headgate_view_refuse()"
    )
    cursor.execute(f"COMMENT ON VIEW \"{view}\" IS '{digest}'")


def _drop(cursor: Any) -> None:
    for view in VIEWS:
        cursor.execute(f'DROP VIEW IF EXISTS "{view}"')
