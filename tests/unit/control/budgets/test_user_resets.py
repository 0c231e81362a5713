import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from headgate.control.audit.models import AuditEntry
from headgate.control.budgets.models import Adjustment
from headgate.control.budgets.operations import create_budget
from headgate.control.budgets.standing import standing_of
from headgate.control.budgets.user_resets import reset_user
from headgate.control.ledger.models import CostEvent
from tests.unit.control.budgets.conftest import NOW

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(minutes=5)


def make(**fields):
    return create_budget(**{"name": "b", "scope": "user", "period": "day", "limit": 5, "now": NOW, **fields})


def run(organization, actor, *, may=lambda _: True, reset_id="r", reason="a new contract"):
    return reset_user("u1", organization.pk, may=may, reset_id=reset_id, reason=reason, actor=actor, now=LATER)


def test_every_budget_of_the_user_starts_anew_and_nobody_elses(acme, other, spend, superuser):
    for organization, user, cost in ((acme, "u1", 100), (acme, "u2", 30), (other, "u1", 7)):
        spend(organization, cost, user=user)
    budgets = {
        make(name="day").pk: 100,
        make(name="month", period="month").pk: 100,
        make(name="his", organization=acme, subject="u1", unit="requests").pk: 1,
    }
    make(name="another's", organization=acme, subject="u2")
    make(name="everybody", scope="system")
    done = run(acme, superuser)
    assert budgets == {each.budget.pk: each.spent for each in done.reset}
    assert [] == done.kept
    assert (0, 0) == (standing_of("u1", acme.pk, LATER).daily.spend, standing_of("u1", acme.pk, LATER).monthly.spend)
    assert 30 == standing_of("u2", acme.pk, LATER).daily.spend
    assert 7 == standing_of("u1", other.pk, LATER).daily.spend
    assert 3 == CostEvent.objects.count()


def test_a_reset_is_a_dated_adjustment_and_in_the_audit_trail(acme, spend, superuser):
    spend(acme, 100, user="u1")
    budget = make()
    run(acme, superuser)
    entry = Adjustment.objects.get()
    assert ("reset", -100, "a new contract", "root", LATER) == (
        entry.kind,
        entry.amount,
        entry.reason,
        entry.actor,
        entry.created_at,
    )
    trail = AuditEntry.objects.get(action="reset")
    assert (budget.pk, "root", True) == (trail.object_id, trail.actor, '"u1"' in trail.details)


def test_the_same_reset_twice_is_done_once(acme, spend, superuser):
    spend(acme, 100, user="u1")
    make()
    assert [1, 0] == [len(run(acme, superuser).reset) for _ in range(2)]
    spend(acme, 5, user="u1")
    assert [] == run(acme, superuser).reset
    assert 1 == Adjustment.objects.count()


def test_what_may_not_be_reset_is_kept_and_named(acme, spend, superuser):
    spend(acme, 100, user="u1")
    installations, own = make(name="installation's"), make(name="own", organization=acme)
    done = run(acme, superuser, may=lambda budget: budget.organization_id == acme.pk)
    assert ([own], [installations]) == ([each.budget for each in done.reset], done.kept)
    assert 100 == standing_of("u1", acme.pk, LATER).daily.spend


def test_who_has_spent_nothing_has_nothing_to_reset(acme, superuser):
    make()
    assert ([], []) == run(acme, superuser)


def test_a_reset_says_why(acme, superuser):
    with pytest.raises(ValidationError, match="Say why"):
        run(acme, superuser, reason=" ")
