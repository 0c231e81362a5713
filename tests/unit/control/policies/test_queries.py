import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from headgate.control.currencies.operations import add_rate
from headgate.control.policies.models import Policy
from headgate.control.policies.queries import euros_to_nano, published_policies
from headgate.control.publication.queries import current_snapshot
from headgate.snapshot import contract

pytestmark = pytest.mark.django_db


def test_a_policy_is_published_with_everything_that_decides(acme):
    add_rate("EUR", Decimal("1.25"), active_from=timezone.now().date(), source="a test")
    row = Policy.objects.create(
        organization=acme,
        name="Production",
        shadow=True,
        allowed_models=["gpt-*"],
        blocked_models=["gpt-4"],
        allowed_providers=["openai"],
        allowed_tasks=["chat"],
        required_attribution=["team"],
        max_tokens_per_request=1000,
        max_cost_per_request_eur=Decimal("0.02"),
        max_cost_per_day_eur=Decimal(5),
    )
    expected = contract.Policy(
        id=row.pk,
        organization_id=acme.pk,
        name="Production",
        shadow=True,
        allowed_models=("gpt-*",),
        blocked_models=("gpt-4",),
        allowed_providers=("openai",),
        allowed_tasks=("chat",),
        required_attribution=("team",),
        max_tokens_per_request=1000,
        max_cost_per_request=25_000_000,
    )
    assert (expected,) == published_policies() == current_snapshot().policies


def test_a_policy_that_is_switched_off_is_not_published(acme):
    Policy.objects.create(organization=acme, name="Off", enabled=False)
    assert () == published_policies()


def test_policies_are_published_by_organization_and_name(acme, other):
    for organization in (other, acme):
        for name in ("b", "a"):
            Policy.objects.create(organization=organization, name=name)
    expected = sorted((organization.pk, name) for organization in (acme, other) for name in ("a", "b"))
    assert expected == [(policy.organization_id, policy.name) for policy in published_policies()]


def test_a_newer_exchange_rate_changes_what_is_published(acme):
    Policy.objects.create(organization=acme, name="P", max_cost_per_request_eur=Decimal(1))
    today = timezone.now().date()
    add_rate("EUR", Decimal("1.10"), active_from=today - dt.timedelta(days=1), source="a test")
    assert [1_100_000_000] == [policy.max_cost_per_request for policy in published_policies()]
    add_rate("EUR", Decimal("1.20"), active_from=today, source="a test")
    assert [1_200_000_000] == [policy.max_cost_per_request for policy in published_policies()]


@pytest.mark.parametrize(
    ("expected", "amount", "rate"),
    [
        (None, None, None),
        (None, None, Decimal(1)),
        (0, Decimal(0), Decimal("1.1")),
        (1_041, Decimal("0.000001"), Decimal("1.041999999")),
        (10**18, Decimal(1000000000), Decimal(1)),
    ],
)
def test_euros_become_nano_usd_and_never_more_than_was_written(expected, amount, rate):
    assert expected == euros_to_nano(amount, rate)


def test_an_amount_without_a_rate_is_no_amount():
    with pytest.raises(ValueError, match="without a rate"):
        euros_to_nano(Decimal(1), None)


def test_reading_policies_costs_the_same_queries_for_one_and_for_many(acme, django_assert_num_queries):
    for count in (1, 20):
        for number in range(count):
            Policy.objects.create(organization=acme, name=f"{count}-{number}", max_cost_per_request_eur=Decimal(1))
        with django_assert_num_queries(2):
            published_policies()
