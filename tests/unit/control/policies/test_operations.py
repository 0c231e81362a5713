from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from headgate.control.budgets.models import Budget
from headgate.control.policies.models import Policy
from headgate.control.policies.operations import delete_policies, save_policy
from headgate.control.publication.models import Snapshot
from headgate.snapshot.contract import decode_snapshot

pytestmark = pytest.mark.django_db


def snapshot():
    return decode_snapshot(bytes(Snapshot.objects.latest("revision").payload))


def test_a_policy_is_written_and_published_in_one_revision(acme):
    save_policy(Policy(organization=acme, name="P", max_cost_per_day_eur=Decimal(5)), actor="root")
    assert 1 == Snapshot.objects.count()
    assert (["P"], ["P"]) == ([row.name for row in snapshot().policies], [row.policy for row in snapshot().budgets])
    save_policy(Policy.objects.get(), actor="root")
    assert 2 == Snapshot.objects.count()


def test_what_cannot_be_enforced_is_neither_written_nor_published(acme):
    wrong = Policy(organization=acme, name="P", max_tokens_per_request=0, max_cost_per_day_eur=Decimal(5))
    with pytest.raises(ValidationError, match="Give 1 or more"):
        save_policy(wrong, actor="root")
    assert (0, 0, 0) == (Policy.objects.count(), Budget.objects.count(), Snapshot.objects.count())


def test_a_deleted_policy_takes_its_budget_out_of_force(acme):
    for name in ("A", "B"):
        save_policy(Policy(organization=acme, name=name, max_cost_per_day_eur=Decimal(5)), actor="root")
    delete_policies(Policy.objects.filter(name="A"))
    assert (["B"], ["B"]) == ([row.name for row in snapshot().policies], [row.policy for row in snapshot().budgets])
    assert 2 == Budget.objects.count()
    assert Budget.objects.get(policy_name="A").retired_at is not None


def test_a_policy_without_a_budget_is_deleted_too(acme):
    save_policy(Policy(organization=acme, name="A"), actor="root")
    delete_policies(Policy.objects.all())
    assert () == snapshot().policies
