import threading

import pytest
from django.db import connection

from headgate.control.locks import one_at_a_time

pytestmark = pytest.mark.django_db


def test_on_postgres_a_second_one_waits_until_the_first_is_out_and_on_sqlite_nobody_waits():
    inside, waited = threading.Event(), []

    def second() -> None:
        try:
            with one_at_a_time():
                waited.append(out.is_set())
                inside.set()
        finally:
            connection.close()

    out = threading.Event()
    other = threading.Thread(target=second)
    with one_at_a_time():
        other.start()
        if connection.vendor == "sqlite":
            assert inside.wait(20)
        else:
            with connection.cursor() as cursor:
                waiting = 0
                while not waiting:
                    cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
                    (waiting,) = cursor.fetchone()
        out.set()
    other.join(20)
    assert [connection.vendor != "sqlite"] == waited


def test_an_error_inside_lets_the_next_one_in():
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), one_at_a_time():
            raise ZeroDivisionError
