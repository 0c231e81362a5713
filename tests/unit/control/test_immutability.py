import pytest
from django.db import IntegrityError, connection, transaction

from headgate.control.immutability import allow_updates, refuse_updates

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def table():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE stone (figure INTEGER, note TEXT)")
        cursor.execute("INSERT INTO stone VALUES (1, 'a')")
    yield "stone"
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE stone")


def update(column: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE stone SET {column} = NULL")


def test_the_named_columns_cannot_be_changed_until_it_is_taken_back(table: str):
    with connection.schema_editor() as editor:
        refuse_updates(table, ("figure",))(None, editor)
    with pytest.raises(IntegrityError, match="immutable"):
        update("figure")
    update("note")
    with connection.schema_editor() as editor:
        allow_updates(table)(None, editor)
    update("figure")
