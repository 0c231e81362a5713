"""What postings and recovery do to windows and leases, in the database that keeps the invariant."""

from collections.abc import Iterator

import pytest
from django.db import IntegrityError, connection, transaction

from headgate.control.budgets.models import Adjustment, Window
from headgate.control.budgets.operations import create_budget
from headgate.control.ledger.models import CostEvent
from headgate.control.ledger.operations import close_owner, post, register_owner
from headgate.control.ledger.queries import cursor_of
from headgate.control.ledger.windows import WindowMissingError
from headgate.domain.budget import LeaseClass
from headgate.domain.ids import OwnerId
from headgate.ledger.postings import OwnerPosting, WindowCharge, cost_event, orphan_charges, orphan_event
from headgate.ledger.records import Held
from tests.kit.books import NOON, sent, settled
from tests.kit.leases import take, window
from tests.kit.money.database import lease_store

pytestmark = pytest.mark.django_db(transaction=True)
OWNER = OwnerId("a" * 32)
NORMAL, CRITICAL = LeaseClass.NORMAL, LeaseClass.CRITICAL


@pytest.fixture
def owner(acme) -> Iterator[OwnerId]:
    """An owner that has drawn 60 and, above the limit, 30 of window w, and 40 of window v."""
    budget = create_budget(organization=acme, name="b", scope="team", period="day", limit=1)
    whose = {"budget_id": budget.pk, "organization_id": acme.pk}
    register_owner(OWNER, "node", "boot")
    store = lease_store()
    store.draw(OWNER, 1, [take(window("v", 100, **whose), 40), take(window("w", 100, hard=200, **whose), 60)])
    store.draw(OWNER, 2, [take(window("w", 100, hard=200, **whose), 30, critical=True)])
    store.close()
    yield OWNER
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM headgate_lease")
        cursor.execute("DELETE FROM headgate_window")


def charge(name: str, cost: int, from_lease: int, lease_class: LeaseClass = NORMAL, *, request: str = "aigw_1_a"):
    return WindowCharge(f"{request}:1", name, lease_class, cost, from_lease)


def posted(*charges: WindowCharge) -> None:
    """Post a stretch with the events that the charges are of."""
    at = cursor_of(OWNER).posted
    names = sorted({each.event_id.partition(":")[0] for each in charges})
    events = tuple(cost_event(sent(request_id=name), settled(request_id=name)) for name in names)
    post(
        OwnerPosting(
            owner_id=OWNER, posted_from=at, posted_to=at + 1, low_watermark=0, events=events, charges=tuple(charges)
        )
    )


def stands(name: str) -> tuple[int, int, int, int]:
    row = Window.objects.get(pk=name)
    return row.spent, row.leased, row.excess, row.overrun


def leases() -> dict[tuple[str, str], int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT window_id, lease_class, remaining FROM headgate_lease")
        return {(row[0], row[1]): row[2] for row in cursor.fetchall()}


def test_what_is_charged_moves_from_leased_to_spent(owner):
    posted(charge("v", 10, 10), charge("w", 25, 25))
    assert ((10, 30, 0, 0), (25, 65, 0, 0)) == (stands("v"), stands("w"))
    assert {("v", "normal"): 30, ("w", "normal"): 35, ("w", "critical"): 30} == leases()


def test_charges_of_one_stretch_are_added_up_each_from_its_own_lease(owner):
    posted(charge("w", 5, 5), charge("w", 7, 7, request="aigw_2_b"), charge("w", 30, 30, CRITICAL, request="aigw_3_c"))
    assert (42, 48, 0, 0) == stands("w")
    assert {("v", "normal"): 40, ("w", "normal"): 48} == {key: left for key, left in leases().items() if left}


def test_what_no_lease_covers_is_spent_all_the_same_and_counted_as_an_overrun_and_an_excess(owner):
    posted(charge("v", 200, 40))
    assert (200, 0, 100, 160) == stands("v")


def test_an_event_that_was_posted_before_charges_nothing(owner):
    posted(charge("v", 10, 10))
    posted(charge("v", 10, 10), charge("v", 3, 3, request="aigw_2_b"))
    assert (13, 27, 0, 0) == stands("v")


def test_never_more_is_taken_out_of_a_lease_than_it_has(owner):
    posted(charge("v", 50, 50))
    assert (50, 0, 0, 10) == stands("v")


def test_a_window_without_a_row_stops_the_posting_and_nothing_of_it_is_written(owner):
    with pytest.raises(WindowMissingError):
        posted(charge("v", 10, 10), charge("x", 1, 0))
    assert (0, 40, 0, 0) == stands("v")
    assert (0, 0) == (CostEvent.objects.count(), cursor_of(OWNER).posted)


def test_closing_books_orphans_at_what_they_held_and_releases_the_rest(owner):
    orphan = sent(holds=(Held("v", NORMAL, 15), Held("w", CRITICAL, 30)))
    close_owner(OWNER, [orphan_event(orphan, NOON)], charges=orphan_charges(orphan))
    assert ((15, 0, 0, 0), (30, 0, 0, 0)) == (stands("v"), stands("w"))
    assert {} == leases()
    assert 0 == Adjustment.objects.count()


def test_after_a_power_loss_what_was_drawn_is_taken_for_spent_once_with_an_entry_for_each_window(owner):
    posted(charge("v", 10, 10))
    orphan = sent(request_id="aigw_2_b", holds=(Held("w", NORMAL, 20),))
    close_owner(OWNER, [orphan_event(orphan, NOON)], charges=orphan_charges(orphan), lost_power=True)
    assert ((40, 0, 0, 0), (90, 0, 0, 0)) == (stands("v"), stands("w"))
    assert {} == leases()
    entries = Adjustment.objects.order_by("window_id").values_list("window_id", "kind", "amount")
    assert [("v", "power_loss", 30), ("w", "power_loss", 70)] == list(entries)


def test_the_database_itself_refuses_a_lease_below_zero_and_a_window_that_is_overdrawn(owner):
    for statement in (
        "UPDATE headgate_lease SET remaining = -1",
        "UPDATE headgate_window SET leased = leased + 1000",
        "UPDATE headgate_window SET spent = -1",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
