import pytest
from django.urls import reverse

from headgate.control.deployments.models import Deployment
from headgate.control.keys.operations import create_key
from headgate.control.organizations.models import Organization
from headgate.control.requestlog.models import Content, RequestLog
from headgate.domain.ids import DeploymentId
from headgate.domain.money import NanoUsd
from headgate.domain.outcome import Outcome
from headgate.domain.verdict import Verdict
from headgate.ledger.records import Tried
from tests.unit.control.rows import post_request

pytestmark = pytest.mark.django_db
LIST = "/admin/requestlog/requestlog/"


def test_a_list_page_costs_the_same_queries_for_one_row_and_for_fifty(
    acme, superuser, signed_in, django_assert_num_queries
):
    client = signed_in(superuser)
    key = create_key(acme, "ci").key
    for rows in (1, 49):
        for _ in range(rows):
            post_request(acme, RequestLog.objects.count(), key_id=key.pk)
        with django_assert_num_queries(9):
            client.get(LIST)


def test_a_row_shows_the_exact_cost_tokens_and_latency(acme, superuser, signed_in):
    post_request(acme, latency_ms=1_834.5)
    page = signed_in(superuser).get(LIST).content.decode()
    for text in ("2026-01-01 11:59:59", "claude", "anthropic", "22 (15 + 7)", "$0.000001234", "200", "1.8 s"):
        assert text in page


def test_a_refused_request_has_no_cost_and_an_unpriced_one_says_so(acme, superuser, signed_in):
    post_request(acme, 1, outcome="refused", provider=None, cost=None)
    post_request(acme, 2, cost=None)
    answer = signed_in(superuser).get(LIST)
    page = answer.context["cl"].model_admin
    assert ["unpriced", "-"] == [page.cost(row) for row in answer.context["cl"].result_list]


def test_a_request_is_shown_with_its_cost_events_and_cannot_be_changed(acme, superuser, signed_in):
    request_id = post_request(acme, message="Why it was so.")
    answer = signed_in(superuser).get(f"{LIST}{request_id.replace('_', '_5F')}/change/")
    assert [("Cost events", 1)] == [(each["title"], len(each["table"]["rows"])) for each in answer.context["tables"]]
    for text in ("Why it was so.", "input 10, cache_read 5, output 7", "anthropic/claude@always#2"):
        assert text in answer.content.decode()
    assert (False, False) == (answer.context["has_change_permission"], answer.context["has_delete_permission"])
    assert 403 == signed_in(superuser).post(answer.request["PATH_INFO"], {}).status_code
    assert 403 == signed_in(superuser).get(f"{LIST}add/").status_code


def test_the_text_of_a_request_is_shown_where_it_was_kept_and_as_text(acme, superuser, signed_in):
    request_id = post_request(acme)
    page = f"{LIST}{request_id.replace('_', '_5F')}/change/"
    assert [] == signed_in(superuser).get(page).context["texts"]
    for side, text in (("request", "<b>asked</b>"), ("answer", "answered")):
        Content.objects.create(
            id=f"{request_id}:{side}:0",
            request_id=request_id,
            organization=acme,
            occurred_at="2026-01-01T12:00:00Z",
            side=side,
            number=0,
            text=text,
        )
    answer = signed_in(superuser).get(page)
    assert ["Request", "Answer"] == [each["title"] for each in answer.context["texts"]]
    assert "&lt;b&gt;asked&lt;/b&gt;" in answer.content.decode()


def test_without_cost_tracking_requests_show_no_amount_and_the_books_still_have_it(
    acme, superuser, signed_in, costs_hidden
):
    request_id = post_request(acme)
    client = signed_in(superuser)
    listed = client.get(LIST)
    shown = client.get(f"{LIST}{request_id.replace('_', '_5F')}/change/")
    for answer in (listed, shown):
        assert "0.000001234" not in answer.content.decode()
        assert "22 (15 + 7)" in answer.content.decode()
    assert "cost" not in listed.context["cl"].list_display
    assert "Amount" not in shown.context["tables"][0]["table"]["headers"]
    assert 1_234 == RequestLog.objects.get(pk=request_id).cost_nano


def test_a_row_stays_visible_when_what_it_names_is_gone(superuser, signed_in):
    gone = Organization(name="Gone", pk="f" * 32)
    request_id = post_request(gone)
    client = signed_in(superuser)
    assert [request_id] == [row.pk for row in client.get(LIST).context["cl"].result_list]
    page = client.get(reverse("admin:requestlog_requestlog_change", args=[request_id.replace("_", "_5F")]))
    assert "f" * 32 in page.content.decode()


def test_what_callers_write_is_text_on_the_page_and_nothing_else(acme, superuser, signed_in):
    post_request(acme, original_model="<script>alert(1)</script>")
    assert "<script>alert" not in signed_in(superuser).get(LIST).content.decode()


def test_a_request_says_what_objected_to_it_and_what_was_changed(acme, superuser, signed_in):
    verdict = Verdict(policy="Nightly <b>", rule="blockedModels", effect="would_block", reason="Model x is blocked.")
    request_id = post_request(acme, verdicts=(verdict,), degraded_to="open/small", clamped_to=64)
    page = signed_in(superuser).get(f"{LIST}{request_id.replace('_', '_5F')}/change/").content.decode()
    assert "would_block: Nightly &lt;b&gt; (blockedModels). Model x is blocked." in page
    assert "open/small" in page
    assert ">64<" in page.replace(" ", "").replace("\n", "")


def test_a_request_says_which_way_it_went(acme, superuser, signed_in):
    deployment = Deployment.objects.create(organization=acme, name="acme-gpt", provider="openai")
    tries = (
        Tried(
            DeploymentId(deployment.pk), "openai", "gpt-4o", Outcome.REJECTED, 429, "upstream_rate_limited", 12.0, None
        ),
        Tried(DeploymentId("env:anthropic"), "anthropic", "claude", Outcome.OK, 200, None, 1_500.0, NanoUsd(1_234)),
    )
    request_id = post_request(acme, route="fast", arm="gpt", tries=tries)
    answer = signed_in(superuser).get(f"{LIST}{request_id.replace('_', '_5F')}/change/")
    attempts, _ = answer.context["tables"]
    expected = [
        ["1", "openai", "acme-gpt", "gpt-4o", "rejected", "429", "upstream_rate_limited", "12 ms", "-"],
        ["2", "anthropic", "env:anthropic", "claude", "ok", "200", "-", "1.5 s", "$0.000001234"],
    ]
    assert ("Attempts", expected) == (attempts["title"], attempts["table"]["rows"])
    assert "fast, arm gpt" in answer.content.decode()
