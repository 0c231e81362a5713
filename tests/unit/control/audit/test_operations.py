import threading

import pytest
from django.db import DatabaseError, connection, transaction

from headgate.control.audit.models import AuditEntry, AuditHead
from headgate.control.audit.operations import BEGINNING, record, record_about, verify, without_secrets

TABLE = "headgate_audit_entry"


@pytest.fixture
def trail(acme, superuser):
    return [
        record(superuser, "added", "virtual key", object_id="k1", label="ci", organization_id=acme.pk),
        record("command line: ops", "enable", "headgate org", details={"values": {"name": "Acme"}}),
        record_about(superuser, "changed", acme, {"said": "Changed name."}),
    ]


def go_around(statement: str) -> None:
    """What somebody with the database in his hands can do: take the trigger away first. The test takes it back."""
    on_table = "" if connection.vendor == "sqlite" else f" ON {TABLE}"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {TABLE}_immutable{on_table}")
        cursor.execute(statement)


def problems() -> list[tuple[int, str]]:
    return [(finding.number, finding.problem) for finding in verify()[1]]


def test_every_entry_carries_the_hash_of_the_one_before(trail):
    first, second, third = AuditEntry.objects.order_by("number")
    assert [1, 2, 3] == [first.number, second.number, third.number]
    assert [BEGINNING, first.sha256, second.sha256] == [e.previous_sha256 for e in (first, second, third)]
    head, findings = verify()
    assert (3, third.sha256, []) == (head.number, head.sha256, findings)


def test_it_says_who_did_what_to_what(trail, acme, superuser):
    first, second, third = AuditEntry.objects.order_by("number")
    assert ("root", superuser.pk, "added", "virtual key", "ci", acme.pk) == (
        first.actor, first.actor_id, first.action, first.kind, first.label, first.organization_id)  # fmt: skip
    assert ("command line: ops", "", None) == (second.actor, second.actor_id, second.organization_id)
    assert ("organization", acme.pk, acme.pk, '{"said":"Changed name."}') == (
        third.kind, third.object_id, third.organization_id, third.details)  # fmt: skip


def test_an_empty_trail_is_whole(db):
    assert (0, []) == (verify()[0].number, problems())


@pytest.mark.parametrize("change", [{"actor": "nobody"}, {"number": 9}, {"sha256": "0" * 64}])
def test_the_database_refuses_to_change_an_entry(trail, change):
    with pytest.raises(DatabaseError, match="immutable"), transaction.atomic():
        AuditEntry.objects.filter(number=2).update(**change)
    assert [] == problems()


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (f"UPDATE {TABLE} SET actor = 'somebody else' WHERE number = 2", [(2, "was changed")]),
        (f"UPDATE {TABLE} SET details = '{{}}' WHERE number = 1", [(1, "was changed")]),
        (f"DELETE FROM {TABLE} WHERE number = 2", [(2, "missing up to 2")]),
        (f"DELETE FROM {TABLE} WHERE number = 3", [(3, "the end of the chain is not where it was")]),
        (
            f"UPDATE {TABLE} SET previous_sha256 = 'x' WHERE number = 3",
            [(3, "does not follow the entry before"), (3, "was changed")],
        ),
    ],
)
def test_what_somebody_changed_around_the_triggers_is_found(trail, statement: str, found: list[tuple[int, str]]):
    go_around(statement)
    assert found == problems()


def test_secrets_are_named_and_not_kept():
    kept = without_secrets([("name", "ci"), ("secret", "s3cret"), ("new_password", "s3cret"), ("text", "x" * 999)])
    assert ("ci", "(not kept)", "(not kept)", 500) == (
        kept["name"], kept["secret"], kept["new_password"], len(kept["text"]))  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_those_who_write_at_once_stand_in_one_line():
    def write() -> None:
        try:
            for _ in range(5):
                record("somebody", "did", "something")
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (20, []) == (AuditHead.objects.get().number, problems())
