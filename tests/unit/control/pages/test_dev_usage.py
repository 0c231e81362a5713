import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from headgate.control.budgets.operations import create_budget
from headgate.control.organizations.models import Organization
from tests.unit.control.api.people import CALLERS, ask, make_person, session_of

pytestmark = pytest.mark.django_db
PAGE = "/dev/ai-usage"
QUERIES = {"user": 18, "organization admin": 24, "operator": 18}


@pytest.fixture
def dev_tools(settings):
    """As with DEV_TOOLS_ENABLED=true."""
    settings.DEV_TOOLS = True


def read(client) -> str:
    answer = client.get(PAGE)
    assert 200 == answer.status_code
    return answer.content.decode()


def test_without_dev_tools_there_is_no_such_page(superuser):
    for client in (session_of(None), session_of(superuser)):
        assert 404 == client.get(PAGE).status_code
    assert PAGE not in session_of(superuser).get("/account/").content.decode()


@pytest.mark.parametrize("who", [who for who in CALLERS if not who.startswith("key")])
def test_everybody_sees_his_organization_and_admins_the_forms(who: str, acme: Organization, other, dev_tools):
    client = CALLERS[who].make(acme, other)
    answer = client.get(PAGE)
    if CALLERS[who].refused:
        assert (302, f"/account/login/?next={PAGE}") == (answer.status_code, answer["location"])
        return
    page = answer.content.decode()
    known = CALLERS[who].everybody | CALLERS[who].own
    shown = re.findall(r'data-organization="(\w+)"', page)
    assert ([acme.pk] if known else []) == shown
    assert (who in {"operator", "organization admin"}) == ('id="budget"' in page)
    assert (bool(known) and bool(CALLERS[who].resets)) == ('id="reset"' in page)
    assert ("Other" in known) == ("Other" in page)


def test_both_forms_of_the_address_answer_and_the_sidebar_leads_there(acme, dev_tools):
    client = session_of(make_person("u1", member_of=acme))
    assert 200 == client.get(f"{PAGE}/").status_code
    assert f'href="{PAGE}"' in client.get("/account/").content.decode()


def test_the_form_has_the_limits_that_the_reader_set(acme, superuser, dev_tools):
    client = session_of(superuser)
    wanted = {"daily_token_limit": 1_200, "daily_cost_limit": "2.50", "currency": "GBP", "soft": False}
    done = client.post("/api/v1/ai/budget", json.dumps(wanted), content_type="application/json")
    assert 200 == done.status_code
    page = read(client)
    assert ["1200", "2.5"] == re.findall(r'name="daily_\w+" [^>]*value="([^"]*)"', page)
    assert "<option selected>GBP</option>" in page
    assert re.search(r'name="soft"(?! checked)', page)


def test_the_charts_have_the_whole_day_and_what_it_has_had(acme, dev_tools):
    from django.utils import timezone

    now = timezone.now()
    ask(acme, 1, at=now.timestamp(), cost=1_500)
    page = read(session_of(make_person("u1", member_of=acme)))
    assert 48 == len(re.findall(r'<th scope="row">\d\d:00</th>', page))
    assert 1 == len(re.findall(r"<td>0.0000015</td>", page))


def test_it_carries_no_inline_script_and_nothing_from_outside(acme, superuser, dev_tools):
    page = read(session_of(superuser))
    assert [] == re.findall(r"<script(?![^>]*src=)", page)
    assert [] == re.findall(r'(?:src|href|action)="(?:https?:)?//[^"]*"', page)
    assert [] == re.findall(r'\son\w+="', page)


def test_who_belongs_nowhere_is_told_so(dev_tools):
    assert "You belong to no organization" in read(session_of(make_person("u1")))


def test_where_costs_are_not_shown_there_is_no_chart_of_them_and_no_form(acme, superuser, dev_tools, costs_hidden):
    page = read(session_of(superuser))
    assert (1, False) == (page.count("<canvas"), 'id="budget"' in page)


@pytest.mark.parametrize("who", QUERIES)
def test_it_costs_the_queries_that_are_written_down(who: str, acme: Organization, other, dev_tools):
    for number, unit in enumerate(("money", "tokens", "tokens", "requests")):
        create_budget(name=f"b{number}", organization=acme, scope="organization", period="day", unit=unit, limit=1)
    client = CALLERS[who].make(acme, other)
    with CaptureQueriesContext(connection) as queries:
        read(client)
    assert QUERIES[who] == len(queries)
