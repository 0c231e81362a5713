import datetime as dt

import pytest
from django.utils import timezone

from headgate.control.rollups.key_use import KeyUse, use_of_keys
from headgate.control.rollups.queries import Span
from headgate.domain.money import NanoUsd
from tests.unit.control.api.people import ask

pytestmark = pytest.mark.django_db


def test_a_keys_use_is_its_requests_cost_and_last_day_in_its_organization(acme, other):
    now = timezone.now()
    for number, (organization, days, cost) in enumerate([(acme, 1, 5), (acme, 3, 7), (acme, 40, 11), (other, 0, 13)]):
        at = (now - dt.timedelta(days=days)).timestamp()
        ask(organization, number, at=at, cost=cost, key_id="k1")
    yesterday = (now - dt.timedelta(days=1)).date()
    found = use_of_keys(acme.pk, ["k1", "k2"], Span.last_days(30, now))
    assert {"k1": KeyUse(2, NanoUsd(12), yesterday)} == found
