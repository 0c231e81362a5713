import argparse
from decimal import Decimal

import pytest

from headgate.cli.budgets import add_commands
from headgate.control.budgets.models import Adjustment, Budget, Window
from headgate.control.organizations.operations import create_organization

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(capsys: pytest.CaptureFixture):
    def command(*argv: str) -> tuple[int, str, str]:
        parser = argparse.ArgumentParser()
        add_commands(parser.add_subparsers(dest="command"))
        args = parser.parse_args(["budget", *argv])
        status = args.run(args)
        said = capsys.readouterr()
        return status, said.out.strip(), said.err.strip()

    return command


def test_a_budget_is_created_and_then_changed_by_its_name(run):
    organization = create_organization("Acme")
    given = ("--scope", "team", "--subject", "search", "--org", "Acme", "--period", "day", "--currency", "EUR")
    assert (0, "Search is created: 2.5 EUR per day", "") == run("set", "Search", "2.50", *given)
    assert (0, "Search is limited to 4 EUR now", "") == run("set", "Search", "4", "--soft")
    budget = Budget.objects.get()
    assert (organization, "search", Decimal(4), True, 2) == (
        budget.organization,
        budget.subject,
        budget.limit,
        budget.soft,
        budget.limit_version,
    )


def test_budgets_are_listed_with_what_is_spent_and_held(run):
    assert (0, "no budgets", "") == run("list")
    run("set", "All", "10")
    run("set", "Users", "3", "--scope", "user", "--unit", "requests")
    Window.objects.update(spent=2_000_000_000, leased=500_000_000)
    assert [
        "All: system, 10 USD per month, $2.00 spent, $0.50 held",
        "Users: user, 3 requests per month, unused",
    ] == run("list")[1].splitlines()


def test_a_reset_is_a_dated_entry_with_its_reason(run):
    run("set", "All", "10")
    Window.objects.update(spent=7)
    assert (0, "All is reset", "") == run("reset", "All", "--reason", "goodwill")
    entry = Adjustment.objects.get()
    assert (-7, "goodwill") == (entry.amount, entry.reason)
    assert entry.actor.startswith("command line: ")


def test_a_retired_budget_is_listed_no_more(run):
    run("set", "All", "10")
    assert (0, "All is retired", "") == run("retire", "All")
    assert "no budgets" == run("list")[1]


@pytest.mark.parametrize(
    ("says", "argv"),
    [
        ("'ten' is no amount", ("set", "All", "ten")),
        ("Give 0 or more", ("set", "All", "-1")),
        ("Give a number", ("set", "All", "nan")),
        ("known are", ("set", "All", "1", "--currency", "ZZZ")),
        ("no organization is called", ("set", "All", "1", "--org", "Nobody")),
        ("Window matching query does not exist", ("correct", "w", "--amount", "1", "--reason", "x")),
        ("no budget is called 'All'", ("reset", "All", "--reason", "x")),
    ],
)
def test_what_cannot_be_is_said_in_one_line(run, says: str, argv: tuple[str, ...]):
    status, out, error = run(*argv)
    assert (1, "", 1) == (status, out, len(error.splitlines()))
    assert error.startswith(f"headgate budget {argv[0]}: ")
    assert says in error


def test_a_correction_changes_what_is_spent_by_an_entry(run):
    run("set", "All", "10")
    window = Window.objects.get()
    assert (0, f"{window.pk}: $2.50 spent now", "") == run(
        "correct", window.pk, "--amount", "2.5", "--reason", "billed elsewhere"
    )
    assert (0, f"{window.pk}: $1.00 spent now", "") == run(
        "correct", window.pk, "--amount", "-1.5", "--reason", "refund"
    )
    assert [(2_500_000_000, "billed elsewhere"), (-1_500_000_000, "refund")] == list(
        Adjustment.objects.order_by("created_at").values_list("amount", "reason")
    )


@pytest.mark.parametrize(
    ("unit", "amount", "says"),
    [
        ("money", "0.0000000001", "at most 9 decimals"),
        ("money", "0", "other than 0"),
        ("money", "nan", "is no amount of money"),
        ("money", "1e999999999", "is no amount of money"),
        ("money", "5000000000", "is no amount of money"),
        ("money", "-0.01", "At most 0 can be taken back."),
        ("requests", "1.5", "at most 0 decimals"),
    ],
)
def test_a_correction_that_cannot_be_is_refused(run, unit, amount, says):
    run("set", "All", "10", "--unit", unit)
    status, _, error = run("correct", Window.objects.get().pk, f"--amount={amount}", "--reason", "x")
    assert 1 == status
    assert says in error
    assert not Adjustment.objects.exists()


def test_a_name_that_two_budgets_have_is_not_enough(run):
    for _ in range(2):
        Budget.objects.create(name="All", scope="system", period="day", limit=1)
    assert "several budgets are called 'All'" in run("retire", "All")[2]
    assert "several budgets are called 'All'" in run("set", "All", "5")[2]


def test_how_a_budget_behaves_is_set_with_it_or_later(run):
    run("set", "Open", "1", "--clamp", "--top-up")
    assert (True, True, False) == Budget.objects.values_list("clamp", "top_up", "shadow").get()
    run("set", "Open", "1", "--shadow")
    assert (True, True, True) == Budget.objects.values_list("clamp", "top_up", "shadow").get()
