import datetime as dt

import pytest

from headgate.control.budgets.models import Budget
from headgate.control.budgets.spending import Subject, is_shared, named, only_subject, posted
from headgate.domain.budget import Period
from headgate.ledger.calendar import edge_at
from tests.unit.control.budgets.conftest import NOW

pytestmark = pytest.mark.django_db


def budget(**fields) -> Budget:
    return Budget.objects.create(**{"name": "b", "scope": "system", "period": "day", "limit": 1, **fields})


def spent(row: Budget) -> dict[Subject, int]:
    return posted(row, edge_at(Period(row.period), dt.UTC, now=NOW.timestamp()))


def test_a_budget_is_shared_where_its_windows_name_a_subject(acme):
    assert [False, True, False, True, False, True] == [
        is_shared(Budget(scope=scope, organization=organization, subject=subject))
        for scope, organization, subject in (
            ("system", None, ""),
            ("organization", None, ""),
            ("organization", acme, ""),
            ("user", acme, ""),
            ("user", acme, "ada"),
            ("key", None, ""),
        )
    ]


def test_a_subject_is_named_as_the_data_plane_names_it(acme):
    ada = Subject(acme.pk, "ada")
    assert [f"{acme.pk}/ada", "ada", None] == [
        named(Budget(scope="user", organization=organization, subject=subject), ada)
        for organization, subject in ((None, ""), (acme, ""), (acme, "ada"))
    ]
    assert acme.pk == named(Budget(scope="organization"), Subject(acme.pk, acme.pk))


def test_a_budget_that_is_not_shared_has_one_subject_even_before_it_spends(acme):
    everybody, own = budget(), budget(scope="organization", organization=acme)
    assert [{Subject(None, ""): 0}, {Subject(acme.pk, acme.pk): 0}] == [spent(everybody), spent(own)]
    assert Subject(acme.pk, "ada") == only_subject(Budget(scope="user", organization=acme, subject="ada"))


def test_organizations_are_counted_apart_by_a_shared_budget(acme, other, spend):
    spend(acme, 3)
    spend(acme, 4)
    spend(other, 5)
    assert {Subject(acme.pk, acme.pk): 7, Subject(other.pk, other.pk): 5} == spent(budget(scope="organization"))


def test_an_organization_s_budget_sees_its_own_events_only(acme, other, spend):
    spend(acme, 3, user="ada")
    spend(other, 5, user="ada")
    assert {Subject(acme.pk, "ada"): 3} == spent(budget(scope="user", organization=acme))
    assert {Subject(acme.pk, "ada"): 3} == spent(budget(scope="user", organization=acme, subject="ada"))


def test_the_edges_of_the_period_bound_what_is_counted(acme, spend):
    midnight = NOW.replace(hour=0, minute=0)
    spend(acme, 1, at=midnight - dt.timedelta(microseconds=1))
    spend(acme, 2, at=midnight)
    spend(acme, 4, at=midnight + dt.timedelta(days=1))
    assert [2, 7] == [spent(budget(period=period))[Subject(None, "")] for period in ("day", "total")]
