import pytest
from django.db import DatabaseError, connection

from headgate.control.connections import drop_broken_connection


def answer() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_after_the_connection_broke_the_next_statement_gets_another():
    assert 1 == answer()
    connection.connection.close()
    with pytest.raises(DatabaseError):
        answer()
    drop_broken_connection()
    assert 1 == answer()


@pytest.mark.django_db
def test_a_transaction_keeps_its_connection():
    before = connection.connection
    drop_broken_connection()
    assert before is connection.connection
    assert 1 == answer()
