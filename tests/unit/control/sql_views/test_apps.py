import pytest
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import connection
from django.db.migrations import Migration

from headgate.control.sql_views.definitions import VIEWS

pytestmark = pytest.mark.django_db


def views() -> set[str]:
    with connection.cursor() as cursor:
        found = connection.introspection.get_table_list(cursor)
    return {table.name for table in found if table.type == "v"}


def test_they_are_away_while_sqlites_tables_change_and_there_afterwards():
    assert set(VIEWS) <= views()
    emit_pre_migrate_signal(0, False, "default", plan=[])
    assert set(VIEWS) <= views()
    emit_pre_migrate_signal(0, False, "default", plan=[(Migration("0009_another", "ledger"), False)])
    assert (set(VIEWS) <= views()) == (connection.vendor == "postgresql")
    emit_post_migrate_signal(0, False, "default", plan=[])
    assert set(VIEWS) <= views()
