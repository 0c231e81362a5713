import datetime as dt
from decimal import Decimal

import pytest
from django.contrib.admin.utils import quote

from headgate.control.pricing.models import PriceCard, Widening
from headgate.control.pricing.operations import seed_cards
from headgate.control.pricing.queries import published_cards, published_widenings
from headgate.control.publication.models import Snapshot
from headgate.domain.prices import Rate, Tier, Variant
from headgate.domain.usage import Unit
from tests.kit.books import card

pytestmark = pytest.mark.django_db
LIST = "/admin/pricing/pricecard/"
WIDENINGS = "/admin/pricing/widening/"
OVERRIDE = {"provider": "openai", "model": "gpt", "match": "equals", "rate_input": "0.3", "rate_output": "2.5"}


def test_an_override_is_added_and_published(superuser, signed_in):
    answer = signed_in(superuser).post(f"{LIST}add/", OVERRIDE, follow=True)
    assert 200 == answer.status_code
    (only,) = published_cards()
    assert (Decimal("0.3"), Decimal("2.5"), 100, "admin") == (
        only.rates[Unit.INPUT].price,
        only.rates[Unit.OUTPUT].price,
        only.priority,
        only.source,
    )
    assert only.id == PriceCard.objects.get().pk


def test_a_card_is_neither_changed_nor_deleted(superuser, signed_in):
    seed_cards([card()])
    client = signed_in(superuser)
    address = f"{LIST}{quote('openai/gpt@always#1')}"
    assert 200 == client.get(f"{address}/change/").status_code
    assert 403 == client.post(f"{address}/change/", OVERRIDE).status_code
    assert 403 == client.post(f"{address}/delete/", {"post": "yes"}).status_code
    client.post(LIST, {"action": "delete_selected", "_selected_action": ["openai/gpt@always#1"], "post": "yes"})
    assert (card(),) == published_cards()


def test_a_card_is_shown_with_tiers_and_variants(superuser, signed_in):
    tiers = (Tier(above=200_000, price=Decimal(5)),)
    flex = Variant(service_tier="flex", rates={Unit.INPUT: Rate(price=Decimal("0.125"))})
    seed_cards([card(rates={Unit.INPUT: Rate(price=Decimal("2.5"), tiers=tiers)}, variants=(flex,))])
    page = signed_in(superuser).get(f"{LIST}{quote('openai/gpt@always#1')}/change/").content.decode()
    for text in ("input: $2.50, above 200,000 input tokens $5.00", "flex", "$0.125"):
        assert text in page


def test_an_organization_sees_the_shared_cards_and_adds_none(acme_admin, signed_in):
    seed_cards([card()])
    client = signed_in(acme_admin)
    assert 1 == len(client.get(LIST).context["cl"].result_list)
    assert 403 == client.post(f"{LIST}add/", OVERRIDE).status_code
    assert 1 == PriceCard.objects.count()


def test_a_list_page_costs_a_fixed_number_of_queries(superuser, signed_in, django_assert_num_queries):
    seed_cards([card(id=f"openai/{number}@always#1", model=str(number)) for number in range(60)])
    client = signed_in(superuser)
    with django_assert_num_queries(6):
        client.get(LIST)


def widen(model: str = "gpt") -> Widening:
    seen = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return Widening.objects.create(
        provider="openai", model=model, factor_ppm=1_510_000, seen_at=seen, event_id="aigw_1_a:1"
    )


def test_a_widened_bound_is_shown_with_its_factor_and_the_event_behind_it(superuser, signed_in):
    widen()
    page = signed_in(superuser).get(WIDENINGS).content.decode()
    for text in ("gpt", "151 %", "2026-01-01 00:00:00", "aigw_1_a:1"):
        assert text in page


def test_a_widened_bound_can_be_taken_back_and_not_be_written(superuser, signed_in):
    client, row = signed_in(superuser), widen()
    assert 403 == client.post(f"{WIDENINGS}add/", {}).status_code
    assert 403 == client.post(f"{WIDENINGS}{row.pk}/change/", {"factor_ppm": 1}).status_code
    assert 302 == client.post(f"{WIDENINGS}{row.pk}/delete/", {"post": "yes"}).status_code
    assert () == published_widenings()
    rows = [widen("m1").pk, widen("m2").pk]
    client.post(WIDENINGS, {"action": "delete_selected", "_selected_action": rows, "post": "yes"})
    assert () == published_widenings()
    assert 2 == Snapshot.objects.count()


def test_an_organization_does_not_see_widened_bounds(acme_admin, signed_in):
    assert 403 == signed_in(acme_admin).get(WIDENINGS).status_code
