from contextlib import closing

import psycopg
import pytest

from headgate.infra import postgres
from headgate.infra.postgres import TIMEOUTS, connect
from tests.kit.postgres import needs_postgres, server


@pytest.fixture(scope="module")
def url() -> str:
    return server().empty_database()


class TestWithAServer:
    pytestmark = needs_postgres

    def test_a_connection_ends_what_takes_too_long(self, url: str):
        with closing(connect(url, name="headgate test")) as connection:
            shown = {name: connection.execute(f"SELECT current_setting('{name}')::interval") for name in TIMEOUTS}
            seconds = {name: cursor.fetchone()[0].total_seconds() * 1000 for name, cursor in shown.items()}
            assert seconds == TIMEOUTS
            assert ("headgate test",) == connection.execute("SHOW application_name").fetchone()
            assert connection.autocommit

    def test_what_the_address_says_counts(self, url: str):
        more = "?application_name=mine&options=-c%20work_mem%3D1MB%20-c%20statement_timeout%3D7s"
        with closing(connect(url + more, name="headgate test")) as connection:
            for name, expected in (("application_name", "mine"), ("work_mem", "1MB"), ("statement_timeout", "7s")):
                assert (expected,) == connection.execute(f"SHOW {name}").fetchone()
            assert ("2s",) == connection.execute("SHOW lock_timeout").fetchone()

    def test_a_server_that_says_nothing_is_not_waited_for(self, url: str, monkeypatch: pytest.MonkeyPatch):
        with closing(connect(url, name="headgate test")) as connection:
            monkeypatch.setattr(postgres, "ANSWER_WITHIN_S", 0.2)
            with pytest.raises(psycopg.OperationalError, match="does not answer"):
                connection.execute("SELECT pg_sleep(2)")

    def test_nor_is_it_in_the_middle_of_a_pipeline(self, url: str, monkeypatch: pytest.MonkeyPatch):
        with closing(connect(url, name="headgate test")) as connection:
            monkeypatch.setattr(postgres, "ANSWER_WITHIN_S", 0.2)
            # psycopg says that it could not leave the pipeline; what matters is that it says so now.
            with pytest.raises(psycopg.OperationalError), connection.pipeline():
                connection.execute("SELECT pg_sleep(2)")
            assert psycopg.pq.TransactionStatus.IDLE != connection.info.transaction_status


def test_nobody_listens():
    with pytest.raises(psycopg.OperationalError):
        connect("postgres://127.0.0.1:1/nothing", name="headgate test")
