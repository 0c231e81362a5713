import threading

import pytest
from django.db import connection

from headgate.control.locks import held_alone, one_at_a_time

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


def test_who_is_alone_in_here_says_so_and_lets_go(transactional_db):
    def second() -> None:
        try:
            with held_alone("langsmith") as mine:
                found.append(mine)
        finally:
            connection.close()

    found: list[bool] = []
    with held_alone("langsmith") as mine, held_alone("something else") as other:
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(20)
    thread = threading.Thread(target=second)
    thread.start()
    thread.join(20)
    assert (True, True, [connection.vendor == "sqlite", True]) == (mine, other, found)
