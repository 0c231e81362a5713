import pytest
from django.db import IntegrityError, transaction

from headgate.control.idempotency.models import IdempotencyKey, KeyState
from headgate.control.idempotency.operations import delete_expired
from headgate.infra.replays.rows import KeyState as WrittenState

pytestmark = pytest.mark.django_db

NOON = 1_767_268_800


def key(name: str, expires_at: int, **fields: object) -> None:
    row = {"scope": "1" * 32, "body_sha256": "5" * 64, "request_id": "r", "owner_id": "a" * 32, "state": "running"}
    IdempotencyKey.objects.create(
        idempotency_key=name, created_at=expires_at - 86_400, expires_at=expires_at, **{**row, **fields}
    )


def names() -> list[str]:
    return sorted(IdempotencyKey.objects.values_list("idempotency_key", flat=True))


def test_keys_whose_day_is_over_are_deleted_and_no_others():
    key("over", NOON - 1)
    key("just over", NOON)
    key("not yet", NOON + 1)
    assert 2 == delete_expired(NOON + 0.9)
    assert ["not yet"] == names()
    assert 0 == delete_expired(NOON)


def test_many_are_deleted_in_batches():
    for number in range(5):
        key(str(number), NOON - number)
    key("not yet", NOON + 1)
    assert 5 == delete_expired(NOON, batch=2)
    assert ["not yet"] == names()


@pytest.mark.parametrize("fields", [{"state": "odd"}, {"state": "answered"}, {"state": "answered", "status": 200}])
def test_the_database_takes_no_row_that_cannot_be_answered(fields: dict[str, object]):
    with pytest.raises(IntegrityError), transaction.atomic():
        key("bad", NOON, **fields)


def test_both_planes_know_the_same_states():
    assert {state.value for state in WrittenState} == set(KeyState.values)
