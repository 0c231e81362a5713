import pytest

from headgate.control.ledger.models import CostEvent
from tests.unit.control.rows import post_request

pytestmark = pytest.mark.django_db
LIST = "/admin/ledger/costevent/"


def test_a_list_page_costs_the_same_queries_for_one_row_and_for_fifty(
    acme, superuser, signed_in, django_assert_num_queries
):
    client = signed_in(superuser)
    for rows in (1, 49):
        for _ in range(rows):
            post_request(acme, CostEvent.objects.count())
        with django_assert_num_queries(9):
            client.get(LIST)


def test_a_row_shows_every_dimension(acme, superuser, signed_in):
    post_request(acme)
    page = signed_in(superuser).get(LIST).content.decode()
    for text in ("claude", "anthropic", "$0.000001234", "Acme", "t1", "p1", "a1", "c1", "u1"):
        assert text in page


def test_without_cost_tracking_events_show_no_amount_and_still_have_it(acme, superuser, signed_in, costs_hidden):
    request_id = post_request(acme)
    client = signed_in(superuser)
    listed = client.get(LIST).content.decode()
    shown = client.get(f"{LIST}{request_id.replace('_', '_5F')}_3A1/change/").content.decode()
    for amount in ("0.000001234", "0.000009"):
        assert amount not in listed
        assert amount not in shown
    assert "req_1" in shown
    assert 1_234 == CostEvent.objects.get(request_id=request_id).amount_nano


def test_an_event_is_shown_whole_links_to_its_request_and_cannot_be_changed(acme, superuser, signed_in):
    request_id = post_request(acme)
    client = signed_in(superuser)
    answer = client.get(f"{LIST}{request_id.replace('_', '_5F')}_3A1/change/")
    page = answer.content.decode()
    for text in ("$0.000009", "web_search", "0.000001234", "priority", "env:anthropic", "req_1"):
        assert text in page
    assert f"/admin/requestlog/requestlog/{request_id.replace('_', '_5F')}/change/" in page
    assert 403 == client.post(answer.request["PATH_INFO"], {}).status_code
    assert 403 == client.get(f"{LIST}add/").status_code
    assert 403 == client.get(answer.request["PATH_INFO"].replace("change", "delete")).status_code
