"""Without a server. What the store does with one: tests/integration/test_lease_stores*.py."""

import pytest

from headgate.domain.ids import OwnerId
from headgate.infra.leases.postgres import PostgresLeaseStore
from headgate.infra.leases.postgres_statements import INSERT_WINDOWS, LOCK_LEASES, LOCK_WINDOWS, RECALL
from headgate.pipeline.ports import StoreUnavailableError
from tests.kit.leases import take, window

A = OwnerId("a" * 32)


def test_a_server_that_is_not_there_does_not_answer():
    store = PostgresLeaseStore("postgres://postgres@127.0.0.1:1/nothing")
    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            store.draw(A, 1, [take(window(), 1)])
    store.close()


@pytest.mark.parametrize("statement", [INSERT_WINDOWS, LOCK_WINDOWS, LOCK_LEASES, RECALL])
def test_everything_that_locks_several_rows_orders_them_by_their_bytes(statement: str):
    assert 'COLLATE "C"' in statement
