import pytest

from headgate.control.budgets.models import Lease, Window
from headgate.control.budgets.operations import create_budget
from headgate.control.ledger.models import Cursor
from headgate.control.ledger.operations import close_owner, register_owner
from headgate.control.ledger.queries import OpenOwner, cursor_of, open_owners, standing_owners
from headgate.domain.ids import OwnerId

pytestmark = pytest.mark.django_db


def test_open_owners_are_those_of_the_node_that_are_not_closed():
    for number, node in enumerate(["here", "there", "here"]):
        register_owner(OwnerId(f"{number:032x}"), node, "boot")
    close_owner(OwnerId(f"{2:032x}"))
    assert [OpenOwner(OwnerId("0" * 32), "here", "boot", 0, 0)] == open_owners("here")


def test_what_is_leased_to_open_owners_is_summed_up_by_unit_over_their_windows():
    first, second, closed = (OwnerId(f"{number:032x}") for number in range(3))
    for owner in (first, second, closed):
        register_owner(owner, "node", "boot")
    close_owner(closed)
    for unit in ("money", "money", "tokens"):
        window = Window.objects.get(budget=create_budget(name="b", scope="system", period="day", limit=9, unit=unit))
        for owner, lease_class, remaining in (
            (first, "normal", 5),
            (first, "critical", 2),
            (second, "normal", 0),
            (closed, "normal", 0),
        ):
            Lease.objects.create(window_id=window.pk, owner_id=owner, lease_class=lease_class, remaining=remaining)
    assert [(first, 3, {"money": 14, "tokens": 7}), (second, 0, {})] == [
        (each.owner_id, each.windows, each.leased) for each in standing_owners()
    ]


def test_an_owner_that_was_never_registered_has_no_cursor():
    with pytest.raises(Cursor.DoesNotExist):
        cursor_of(OwnerId("f" * 32))
