import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from headgate.control.requestlog import long_lists
from headgate.control.requestlog.long_lists import BoundedPaginator
from headgate.control.requestlog.models import RequestLog
from tests.kit.books import NOON
from tests.unit.control.api.people import ask
from tests.unit.control.rows import post_request

pytestmark = pytest.mark.django_db
LISTS = ("/admin/requestlog/requestlog/", "/admin/ledger/costevent/")
DAY_S = 86_400


@pytest.fixture
def client(superuser, signed_in):
    return signed_in(superuser)


def shown(client, address: str) -> list[str]:
    return [row.request_id for row in client.get(address).context["cl"].result_list]


def test_rows_are_counted_up_to_a_bound(acme, monkeypatch):
    for number in range(5):
        post_request(acme, number)
    assert 5 == BoundedPaginator(RequestLog.objects.all(), 2).count
    monkeypatch.setattr(long_lists, "MOST_COUNTED", 3)
    paginator = BoundedPaginator(RequestLog.objects.order_by("-occurred_at"), 2)
    assert (3, 2) == (paginator.count, paginator.num_pages)


@pytest.mark.parametrize("address", LISTS)
def test_what_is_filtered_for_is_listed_from_the_day_on_since_which_there_is_enough(
    acme, other, client, monkeypatch, address: str
):
    ids = [ask(acme, day, at=NOON - day * DAY_S, original_model="gpt" if day % 2 else "o1") for day in range(8)]
    ask(other, 1, at=NOON, original_model="gpt")
    assert [ids[1], ids[3], ids[5], ids[7]] == shown(client, f"{address}?model=gpt&organization={acme.pk}")
    assert [ids[0], ids[2], ids[4], ids[6]] == shown(client, f"{address}?model=o1&provider=openai")
    monkeypatch.setattr(long_lists, "MOST_COUNTED", 2)
    with CaptureQueriesContext(connection) as queries:
        assert [ids[0], ids[2]] == shown(client, f"{address}?model=o1")
    bound = str(dt.datetime.fromtimestamp(NOON - 2 * DAY_S, dt.UTC).date())
    assert [query for query in queries if "occurred_at" in query["sql"] and bound in query["sql"]]
    # Where a time or an outcome is chosen too, nobody knows how many there are.
    assert [ids[4], ids[6]] == shown(client, f"{address}?model=o1&occurred_at_to_0=2025-12-29")
    assert ids[::2] == shown(client, f"{address}?model=o1&outcome__exact=ok")


@pytest.mark.parametrize("address", LISTS)
def test_what_never_occurred_together_is_not_looked_for(acme, client, address: str):
    ask(acme, 1, at=NOON, original_model="gpt", provider="openai")
    ask(acme, 2, at=NOON, original_model="claude", provider="anthropic")
    table = RequestLog._meta.db_table if "requestlog" in address else "headgate_cost_event"
    assert [] == shown(client, f"{address}?model=gpt&provider=anthropic")
    with CaptureQueriesContext(connection) as queries:
        client.get(f"{address}?model=gpt&provider=anthropic")
    # The values that there are to choose from are read out of the newest rows; nothing else is.
    assert {True} == {"LIMIT 1000" in query["sql"] for query in queries if f'FROM "{table}"' in query["sql"]}


@pytest.mark.parametrize("address", LISTS)
def test_outcomes_and_whole_ids_are_found(acme, client, address: str):
    good, bad = ask(acme, 1, at=NOON), post_request(acme, 2, outcome="rejected")
    if "requestlog" in address:
        assert [bad] == shown(client, f"{address}?outcome__exact=rejected")
        assert [good] == shown(client, f"{address}?outcome__exact=ok")
    assert [] == shown(client, f"{address}?outcome__exact=fault")
    assert [good] == shown(client, f"{address}?q=%20{good}%20")
    assert [] == shown(client, f"{address}?q={good[:-1]}")


def test_an_admin_finds_nothing_of_another_organization(acme, other, acme_admin, signed_in):
    mine = ask(acme, 1, at=NOON, original_model="gpt")
    ask(other, 1, at=NOON, original_model="gpt")
    client = signed_in(acme_admin)
    assert [mine] == shown(client, f"{LISTS[0]}?model=gpt")
    assert [] == shown(client, f"{LISTS[0]}?model=gpt&organization={other.pk}")


@pytest.mark.parametrize("address", LISTS)
def test_only_the_time_sorts(acme, client, address: str):
    ids = [ask(acme, number, at=NOON + number, cost=1_000 - number) for number in range(3)]
    assert ids[::-1] == shown(client, address)
    assert ids == shown(client, f"{address}?o=0")
    for column in range(1, 8):
        assert ids[::-1] == shown(client, f"{address}?o={column}")
