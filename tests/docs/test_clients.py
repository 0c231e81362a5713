"""The page about clients has the table that the marks of the conformance tests make."""

import sys

from headgate.pipeline.doors import DOORS
from tests.docs.tree import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import list_clients

LISTING = "/v1/models"


def test_the_table_of_clients_is_what_the_tests_show():
    """Where it is not: run scripts/list_clients.py."""
    text = list_clients.PAGE.read_text(encoding="utf-8")
    assert list_clients.rewritten(text) == text


def test_every_mark_names_a_door_that_exists():
    shown = list(list_clients.shown())
    assert shown
    assert {one.door for one in shown} <= {door.path for door in DOORS.values()} | {LISTING}
