"""Triggers that make the database refuse to change a row, also for writers that go around the models."""

from collections.abc import Callable
from typing import Any

_REFUSAL = "this row is immutable"

_SQLITE = """
    CREATE TRIGGER {table}_immutable BEFORE UPDATE OF {columns} ON {table}
    BEGIN SELECT RAISE(ABORT, '{refusal}'); END
"""
_POSTGRES = """
    CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{refusal}' USING ERRCODE = 'integrity_constraint_violation'; END $$;
    CREATE TRIGGER {table}_immutable BEFORE UPDATE OF {columns} ON {table}
    FOR EACH ROW EXECUTE FUNCTION {table}_refuse()
"""


def refuse_updates(table: str, columns: tuple[str, ...]) -> Callable[[Any, Any], None]:
    """Return a migration step that makes an UPDATE of any of the columns fail."""

    def forwards(_apps: Any, schema_editor: Any) -> None:
        statement = _SQLITE if schema_editor.connection.vendor == "sqlite" else _POSTGRES
        schema_editor.execute(statement.format(table=table, columns=", ".join(columns), refusal=_REFUSAL))

    return forwards


def allow_updates(table: str) -> Callable[[Any, Any], None]:
    """Return the step that takes `refuse_updates` back."""

    def backwards(_apps: Any, schema_editor: Any) -> None:
        on_table = "" if schema_editor.connection.vendor == "sqlite" else f" ON {table}"
        schema_editor.execute(f"DROP TRIGGER {table}_immutable{on_table}")

    return backwards
