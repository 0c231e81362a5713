import pytest
from django.contrib.admin.utils import quote

from headgate.control.pages.recent import recent_requests
from headgate.control.requestlog.models import RequestLog
from headgate.domain.verdict import Verdict
from tests.unit.control.rows import post_request

pytestmark = pytest.mark.django_db
BLOCK = Verdict(policy="Production", rule="blockedModels", effect="blocked", reason="Model gpt is blocked.")


def test_a_request_says_when_what_how_much_and_how_it_ended(acme):
    row = RequestLog.objects.get(pk=post_request(acme))
    table = recent_requests([row], decisions=False)
    assert ["Time (UTC)", "Model", "Tokens", "Cost", "Status"] == table["headers"]
    (shown,) = table["rows"]
    assert ("claude", "200", "ok", "") == (shown["model"], shown["status"], shown["outcome"], shown["href"])


def test_administrators_see_what_decided_and_a_way_to_the_request(acme):
    request_id = post_request(acme, outcome="refused", status=403, error="policy_blocked", verdicts=(BLOCK,))
    (shown,) = recent_requests(RequestLog.objects.filter(pk=request_id), decisions=True)["rows"]
    assert f"/admin/requestlog/requestlog/{quote(request_id)}/change/" == shown["href"]
    assert [("Production: blockedModels", "blocked", "Model gpt is blocked.")] == [
        (each["text"], each["said"], each["reason"]) for each in shown["verdicts"]
    ]


@pytest.mark.usefixtures("costs_hidden")
def test_amounts_are_left_out_where_costs_are_not_shown(acme):
    assert "Cost" not in recent_requests([RequestLog.objects.get(pk=post_request(acme))], decisions=True)["headers"]
