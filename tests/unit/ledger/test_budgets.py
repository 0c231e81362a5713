"""Which budgets a request counts against, and in which windows."""

import msgspec
import pytest

from headgate.domain.budget import Period, Scope
from headgate.domain.principal import Attribution
from headgate.ledger import budgets as memory
from headgate.ledger.budgets import BudgetTable, CalendarEndedError, Payer
from headgate.ledger.calendar import calendar
from headgate.snapshot.contract import SubjectEpoch
from tests.kit.budgeted import budget
from tests.kit.fakes import NOON, ORGANIZATION

ACME, OTHER, KEY = ORGANIZATION.id, "2" * 32, "1" * 32
CALENDARS = [calendar(period, "UTC", now=NOON) for period in Period]
DAY_S = 86_400


def table(*budgets) -> BudgetTable:
    return BudgetTable(budgets, CALENDARS)


def payer(organization: str = ACME, **attribution) -> Payer:
    return Payer(organization, KEY, Attribution(**attribution))


def windows(found: BudgetTable, who: Payer, *, now: float = NOON, of_key=()) -> list[str]:
    return sorted(each.window(now).id for each in found.in_force(who, of_key))


def test_every_budget_whose_scope_the_request_is_in_applies():
    found = table(
        budget(1, "system"),
        budget(1, "organization", scope=Scope.ORGANIZATION, organization_id=ACME),
        budget(1, "another", scope=Scope.ORGANIZATION, organization_id=OTHER),
        budget(1, "key", scope=Scope.KEY, organization_id=ACME, subject=KEY),
        budget(1, "team", scope=Scope.TEAM, organization_id=ACME, subject="core"),
        budget(1, "other team", scope=Scope.TEAM, organization_id=ACME, subject="web"),
        budget(1, "users", scope=Scope.USER, organization_id=ACME),
        budget(1, "everywhere", scope=Scope.USER),
        budget(1, "agents", scope=Scope.AGENT, organization_id=ACME),
    )
    expected = [
        f"everywhere.0.2026-01-01.{ACME}/anna",
        "key.0.2026-01-01",
        "organization.0.2026-01-01",
        "system.0.2026-01-01",
        "team.0.2026-01-01",
        "users.0.2026-01-01.anna",
    ]
    assert expected == windows(found, payer(team="core", user="anna"))


def test_a_scope_that_the_request_does_not_name_does_not_apply():
    found = table(budget(1, "users", scope=Scope.USER, organization_id=ACME))
    assert [] == windows(found, payer())


def test_subjects_and_organizations_have_windows_of_their_own():
    found = table(budget(1, "b", scope=Scope.USER))
    assert [f"b.0.2026-01-01.{ACME}/anna"] == windows(found, payer(user="anna"))
    assert [f"b.0.2026-01-01.{OTHER}/anna"] == windows(found, payer(OTHER, user="anna"))


def test_the_specification_of_a_window_says_everything_that_its_row_needs():
    found = table(budget(70, "b", hard=140, scope=Scope.USER, organization_id=ACME, currency="EUR", usd_rate="1.1"))
    spec = found.in_force(payer(user="anna"))[0].window(NOON)
    assert (70, 140, 1, "EUR", "1.1") == (spec.limit, spec.hard, spec.limit_version, spec.currency, spec.usd_rate)
    assert ("anna", ACME, Scope.USER) == (spec.subject, spec.organization_id, spec.scope)
    assert (1_767_225_600, 1_767_225_600 + DAY_S) == (spec.starts_at, spec.ends_at)


def test_the_same_window_is_the_same_object_until_it_ends():
    (each,) = table(budget(1)).in_force(payer())
    assert each.window(NOON) is each.window(NOON + DAY_S / 2 - 1)
    assert "2026-01-02" == each.window(NOON + DAY_S / 2).label


def test_a_period_without_end_has_one_window():
    found = table(budget(1, "b", period=Period.TOTAL, calendar="total:UTC"))
    assert ["b.0.total"] == windows(found, payer()) == windows(found, payer(), now=NOON + 10**9)


def test_a_reset_is_another_window_and_that_of_one_subject_only_his():
    reset = [SubjectEpoch("anna", 2)]
    found = table(budget(1, "b", epoch=5, subject_epochs=reset, scope=Scope.USER, organization_id=ACME))
    assert ["b.7.2026-01-01.anna"] == windows(found, payer(user="anna"))
    assert ["b.5.2026-01-01.ben"] == windows(found, payer(user="ben"))


def test_budgets_of_a_key_apply_as_they_came_with_it():
    found, before, after = table(), (budget(1, "k", scope=Scope.KEY),), (budget(1, "k", scope=Scope.KEY, epoch=1),)
    assert [f"k.0.2026-01-01.{ACME}/{KEY}"] == windows(found, payer(), of_key=before)
    assert [f"k.1.2026-01-01.{ACME}/{KEY}"] == windows(found, payer(), of_key=after)
    assert [] == windows(found, payer())


def test_a_calendar_that_has_ended_or_was_not_published_opens_no_window():
    (each,) = table(budget(1)).in_force(payer())
    for moment in (NOON + 100 * DAY_S, NOON - 100 * DAY_S):
        with pytest.raises(CalendarEndedError):
            each.window(moment)
    with pytest.raises(CalendarEndedError):
        table(budget(1, calendar="day:Mars/Olympus")).in_force(payer())


def test_who_asks_again_is_remembered_and_the_memory_stays_flat(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory, "REMEMBERED", 100)
    found = table(budget(1, "b", scope=Scope.USER), budget(1, "all"))
    anna = found.in_force(payer(user="anna"))
    assert anna is found.in_force(payer(user="anna"))
    shared = {id(found.in_force(payer(user=f"user {number}"))[0]) for number in range(50)}
    assert 1 == len(shared)
    for number in range(1_000):
        found.in_force(payer(user=f"user {number}"))
        assert max(len(found._remembered), len(found._shared)) <= 101
    again = found.in_force(payer(user="anna"))
    assert [each.window(NOON) for each in anna] == [each.window(NOON) for each in again]


def test_fifty_thousand_payers_fit_into_the_memory():
    found = table(budget(1, "b", scope=Scope.USER))
    first = found.in_force(payer(user="0"))
    for number in range(1, memory.REMEMBERED):
        found.in_force(payer(user=str(number)))
    assert first is found.in_force(payer(user="0"))
    found.in_force(payer(user="one more"))
    assert 1 == len(found._remembered)


def test_attribution_that_no_budget_asks_for_changes_nothing():
    found = table(budget(1, "all"))
    whole = msgspec.structs.replace(payer().attribution, task="summary", agent="a")
    assert ["all.0.2026-01-01"] == windows(found, Payer(ACME, KEY, whole))
