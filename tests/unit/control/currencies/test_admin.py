import pytest

from headgate.control.currencies.models import ExchangeRate
from headgate.control.publication.models import Snapshot

pytestmark = pytest.mark.django_db
RATES = "/admin/currencies/exchangerate/"


def test_the_operator_adds_a_rate_and_it_is_published(superuser, signed_in):
    given = {"currency": "SEK", "usd_rate": "0.105", "active_from": "2025-06-01", "source": "central bank"}
    client = signed_in(superuser)
    assert 302 == client.post(f"{RATES}add/", given).status_code
    assert (1, 1) == (ExchangeRate.objects.filter(currency="SEK").count(), Snapshot.objects.count())
    assert b"0.105<" in client.get(f"{RATES}?currency=SEK").content.replace(b"\n", b"").replace(b" ", b"")


def test_a_rate_is_neither_changed_nor_deleted(superuser, signed_in):
    client, row = signed_in(superuser), ExchangeRate.objects.get(currency="EUR")
    assert 403 == client.post(f"{RATES}{row.pk}/change/", {"usd_rate": "9"}).status_code
    assert 403 == client.post(f"{RATES}{row.pk}/delete/", {"post": "yes"}).status_code
    assert row.usd_rate == ExchangeRate.objects.get(pk=row.pk).usd_rate


@pytest.mark.parametrize("field", ["currency", "usd_rate"])
def test_nonsense_is_said_beside_its_field(superuser, signed_in, field: str):
    given = {"currency": "SEK", "usd_rate": "0.105", "active_from": "2025-06-01", "source": "x", field: "-1"}
    errors = signed_in(superuser).post(f"{RATES}add/", given).context["adminform"].form.errors
    assert [field] == list(errors)


def test_rates_are_the_operator_s(acme_admin, signed_in):
    assert 403 == signed_in(acme_admin).get(RATES).status_code
