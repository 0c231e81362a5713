import argparse
import datetime as dt

import pytest

from headgate.cli.owners import add_commands
from headgate.control.budgets.models import Adjustment, Budget, Lease, Window
from headgate.control.budgets.operations import create_budget
from headgate.control.ledger.models import Owner
from headgate.control.ledger.operations import register_owner
from headgate.domain.ids import OwnerId

pytestmark = pytest.mark.django_db
LOST = OwnerId("a" * 32)


@pytest.fixture
def run(capsys: pytest.CaptureFixture, tmp_path, monkeypatch):
    monkeypatch.setenv("HEADGATE_DATA_DIR", str(tmp_path))

    def command(*argv: str) -> tuple[int, str, str]:
        parser = argparse.ArgumentParser()
        add_commands(parser.add_subparsers(dest="command"))
        args = parser.parse_args(["owner", *argv])
        status = args.run(args)
        said = capsys.readouterr()
        return status, said.out.strip(), said.err.strip()

    return command


@pytest.fixture
def lost(db) -> OwnerId:
    """An owner of another node with leases in a window of money and in one of requests."""
    register_owner(LOST, "n2", "boot")
    Owner.objects.update(registered_at=dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC))
    for unit, amount in (("money", 1_250_000_000), ("requests", 3)):
        budget = create_budget(name=unit, scope="system", period="total", limit=10, unit=unit)
        window = Window.objects.get(budget=budget)
        Window.objects.filter(pk=window.pk).update(leased=amount)
        Lease.objects.create(window_id=window.pk, owner_id=LOST, lease_class="normal", remaining=amount)
    return LOST


def test_open_journals_are_listed_with_their_node_and_what_is_leased(run, lost, tmp_path):
    assert [
        f"{LOST}: node n2, since 2026-01-01 12:00:00, $1.25 and 3 requests in 2 windows leased, posted up to byte 0"
    ] == run("list")[1].splitlines()
    (tmp_path / "journal" / LOST).mkdir(parents=True)
    assert run("list")[1].startswith(f"{LOST}: this node, ")


def test_without_open_journals_the_list_says_so(run):
    assert (0, "no open journals", "") == run("list")


@pytest.mark.parametrize(
    ("how", "words", "spent"), [("--spent", "taken for spent", 1_250_000_000), ("--released", "released", 0)]
)
def test_a_lost_journal_is_closed_and_its_leases_are_spent_or_released(run, lost, how, words, spent):
    said = run("close", lost, how, "--reason", "The disk is broken.")
    assert (0, f"{LOST} is closed: $1.25 and 3 requests in 2 windows {words}", "") == said
    window = Window.objects.get(unit="money")
    assert (spent, 0) == (window.spent, window.leased)
    entry = Adjustment.objects.get(window_id=window.pk)
    assert ("lost_journal", spent, "The disk is broken.") == (entry.kind, entry.amount, entry.reason)
    assert entry.actor.startswith("command line: ")
    assert (0, "no open journals", "") == run("list")


def test_an_owner_with_nothing_leased_is_closed_all_the_same(run):
    register_owner(LOST, "n2", "boot")
    assert (0, f"{LOST} is closed: nothing released", "") == run("close", LOST, "--released", "--reason", "gone")
    assert "closed" == Owner.objects.get().state
    assert not Budget.objects.exists()


@pytest.mark.parametrize("prefix", ["", "new-"])
def test_a_journal_that_lies_on_this_node_is_left_to_recovery(run, lost, tmp_path, prefix):
    (tmp_path / "journal" / f"{prefix}{LOST}").mkdir(parents=True)
    status, _, error = run("close", lost, "--spent", "--reason", "I am in a hurry.")
    expected = f"headgate owner close: the journal of {LOST} lies on this node, whose worker role posts and closes it"
    assert (1, expected) == (status, error)
    assert "open" == Owner.objects.get().state
    assert not Adjustment.objects.exists()


@pytest.mark.parametrize(
    ("says", "argv"),
    [
        (f"the owner {'b' * 32} is not open", ("close", "b" * 32, "--spent", "--reason", "x")),
        ("Say why", ("close", LOST, "--spent", "--reason", " ")),
    ],
)
def test_what_cannot_be_is_said_in_one_line(run, lost, says, argv):
    status, out, error = run(*argv)
    assert (1, "") == (status, out)
    assert says in error
    assert "open" == Owner.objects.get().state


def test_whoever_does_not_say_what_becomes_of_the_leases_is_asked(run, lost):
    with pytest.raises(SystemExit):
        run("close", lost, "--reason", "x")
