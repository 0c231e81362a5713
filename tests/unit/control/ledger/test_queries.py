import pytest

from headgate.control.ledger.models import Cursor
from headgate.control.ledger.operations import close_owner, register_owner
from headgate.control.ledger.queries import OpenOwner, cursor_of, open_owners
from headgate.domain.ids import OwnerId

pytestmark = pytest.mark.django_db


def test_open_owners_are_those_of_the_node_that_are_not_closed():
    for number, node in enumerate(["here", "there", "here"]):
        register_owner(OwnerId(f"{number:032x}"), node, "boot")
    close_owner(OwnerId(f"{2:032x}"))
    assert [OpenOwner(OwnerId("0" * 32), "here", "boot", 0, 0)] == open_owners("here")


def test_an_owner_that_was_never_registered_has_no_cursor():
    with pytest.raises(Cursor.DoesNotExist):
        cursor_of(OwnerId("f" * 32))
