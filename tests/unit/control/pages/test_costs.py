import html
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from headgate.control.display import usd_of
from headgate.control.keys.models import VirtualKey
from headgate.control.keys.operations import create_key
from headgate.domain.principal import Attribution
from tests.unit.control.api.people import CALLERS, ask, key_of, make_person, session_of

pytestmark = pytest.mark.django_db
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def read(client: Any, query: str = "", *, status: int = 200) -> str:
    answer = client.get(f"/costs?{query}", headers={"accept": BROWSER})
    assert status == answer.status_code, answer.content
    return answer.content.decode()


def texts(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


@pytest.fixture
def spent(acme, other):
    """Two teams of one organization, and the same team of another."""
    now = timezone.now().timestamp()
    ask(acme, 1, at=now, cost=2_500, attribution=Attribution(user="u1", team="search"))
    ask(acme, 2, at=now, cost=500, attribution=Attribution(user="u2", team="ads & co"), original_model="opus")
    ask(acme, 3, at=now, cost=1_000, attribution=Attribution(user="u2"))
    ask(other, 1, at=now, cost=70_000, attribution=Attribution(user="u1", team="search"))
    return acme


def test_one_address_answers_browsers_with_a_page_and_programs_as_ever(spent, other):
    client = CALLERS["organization admin"].make(spent, other)
    assert "text/html" in client.get("/costs", headers={"accept": BROWSER}).headers["content-type"]
    for accept, expected in ((None, "application/json"), ("*/*", "application/json"), ("text/csv", "text/csv")):
        answer = client.get("/costs", headers={} if accept is None else {"accept": accept})
        assert expected in answer.headers["content-type"]
        assert "Accept" in answer.headers["vary"]
    assert "text/html" in client.get("/costs?format=html").headers["content-type"]
    assert "json" in client.get("/costs?format=json", headers={"accept": BROWSER}).headers["content-type"]
    assert "csv" in client.get("/costs?format=csv", headers={"accept": BROWSER}).headers["content-type"]
    program = key_of(spent).get("/costs", headers={"accept": BROWSER})
    assert "json" in program.headers["content-type"]
    assert 405 == client.post("/costs", headers={"accept": BROWSER}).status_code


def test_nobody_is_led_to_where_one_signs_in_and_back(spent):
    answer = session_of(None).get("/costs?teamId=search", headers={"accept": BROWSER})
    assert "/account/login/?next=/costs%3FteamId%3Dsearch" == answer.headers["location"]
    assert 401 == session_of(None).get("/costs").status_code


def test_the_page_has_the_figures_of_the_api(spent, other):
    client = CALLERS["organization admin"].make(spent, other)
    query = "source=AI&groupBy=teamId,model"
    told = json.loads(client.get(f"/costs?{query}").content, parse_float=Decimal)
    page = texts(read(client, query))
    assert Decimal("0.000004") == told["total"]["costUsd"]
    assert "Total 3" in page
    assert "$0.000004 100.00 %" in page
    assert "search gpt 1" in page
    assert "$0.0000025 62.50 %" in page
    assert "ads & co opus 1" in page
    assert "- gpt 1" in page
    assert "everybody's requests in Acme" in page
    assert "$0.00007" not in page


def test_a_click_on_a_value_asks_for_it_alone_and_a_chip_takes_it_back(spent, other):
    client = CALLERS["organization admin"].make(spent, other)
    page = read(client, "groupBy=teamId")
    (href,) = re.findall(r'<a class="hg-link" href="([^"]+)"[^>]*>ads &amp; co</a>', page)
    one = client.get(html.unescape(href), headers={"accept": BROWSER}).content.decode()
    assert "$0.0000005 100.00 %" in texts(one)
    (chip,) = re.findall(r'class="hg-chip" href="([^"]+)"', one)
    assert "/costs?groupBy=teamId" == html.unescape(chip)
    none = read(client, "groupBy=teamId&teamId=")
    assert "teamId: none" in texts(none)
    assert '<input type="hidden" name="none" value="teamId">' in none


def test_ids_are_shown_by_their_names(spent, other):
    key = create_key(spent, "Of the search").key
    foreign = create_key(other, "Of nobody here").key
    now = timezone.now().timestamp()
    for number, each in ((8, key), (9, VirtualKey.objects.get(pk=foreign.pk))):
        ask(spent, number, at=now, cost=1, key_id=each.pk)
    page = read(CALLERS["organization admin"].make(spent, other), "groupBy=orgId,keyId")
    assert "Acme Of the search" in texts(page)
    assert "Of nobody here" not in page
    assert "keyId: Of the search" in texts(
        read(CALLERS["operator"].make(spent, other), f"keyId={key.pk}&groupBy=model")
    )


@pytest.mark.parametrize(
    ("query", "name", "said"),
    [
        ("days=0", "days", "greater than or equal to 1"),
        ("days=many&teamId=search", "days", "valid integer"),
        ("groupBy=model,model", "groupBy", "give one to 4 different ones of"),
        ("groupBy=colour", "groupBy", "give one to 4 different ones of"),
        ("since=2026-02-31", "since", "date"),
        ("since=2020-01-01", "since", "give 1 to 366 days"),
        ("source=Cloud", "source", "AI"),
        ("limit=0", "limit", "greater than or equal to 1"),
        ("sort=price", "sort", "give one of cost"),
        ("sort=day", "sort", "where costs are grouped by the day"),
        ("teamId=%00", "teamId", "pattern"),
    ],
)
def test_what_cannot_be_asked_is_said_beside_what_was_typed(spent, other, query: str, name: str, said: str):
    page = read(CALLERS["organization admin"].make(spent, other), query, status=400)
    (refusal,) = re.findall(r'id="refusal">([^<]*)', page)
    assert refusal.startswith(name)
    assert said in html.unescape(refusal)
    if "many" in query:
        assert 'value="many" aria-invalid="true"' in page
        assert 'value="search"' in page


def test_the_form_leads_to_the_address_of_its_question(spent, other):
    client = CALLERS["organization admin"].make(spent, other)
    answer = client.get("/costs?form=1&teamId=search&model=&days=7&by=model&by=", headers={"accept": BROWSER})
    assert (302, "/costs?teamId=search&days=7&groupBy=model") == (answer.status_code, answer.headers["location"])


def test_the_table_is_sorted_and_has_pages(spent, other):
    client = CALLERS["organization admin"].make(spent, other)
    page = read(client, "groupBy=teamId&sort=tokens&limit=2")
    assert 'href="/costs?groupBy=teamId&amp;sort=tokens&amp;limit=2&amp;offset=2" rel="next"' in page
    assert 1 == page.count('aria-sort="descending"')
    rest = read(client, "groupBy=teamId&sort=tokens&limit=2&offset=2")
    assert "3 to 3" in texts(rest)
    assert 'rel="next"' not in rest
    assert 'rel="prev"' in rest
    newest = read(client, "groupBy=day,teamId&sort=day")
    assert timezone.now().date().isoformat() in newest


def test_nothing_is_said_with_what_to_do_about_it(spent, other):
    client = CALLERS["organization admin"].make(spent, other)
    assert "Take a filter away" in read(client, "teamId=nobodys")
    assert "send the first request" in read(session_of(make_person("new", member_of=other)))


@pytest.mark.usefixtures("costs_hidden")
def test_amounts_are_left_out_where_costs_are_not_shown(spent, other):
    page = read(CALLERS["organization admin"].make(spent, other), "groupBy=teamId,day&sort=requests")
    assert "$0" not in page
    assert "Requests per day" in page


@pytest.mark.parametrize("who", [name for name in CALLERS if not name.startswith("key")])
def test_everybody_sees_on_the_page_what_he_sees_through_the_api(who: str, acme, other):
    now = timezone.now().timestamp()
    costs = {"Acme": {"u1": 1_100, "u2": 20_200}, "Other": {"u1": 300_300, "u2": 4_004_000}}
    for organization in (acme, other):
        for number, (user, cost) in enumerate(costs[organization.name].items()):
            ask(organization, number, at=now, cost=cost, attribution=Attribution(user=user))
    caller = CALLERS[who]
    client = caller.make(acme, other)
    if caller.refused:
        assert 302 == client.get("/costs", headers={"accept": BROWSER}).status_code
        return
    for query in ("", "groupBy=orgId,userId", f"orgId={other.pk}", "groupBy=userId&userId=u2"):
        told = json.loads(client.get(f"/costs?{query}").content, parse_float=Decimal)
        page = texts(read(client, query))
        assert f"Cost {usd_of(told['total']['costUsd'])} " in page
        for amount in re.findall(r"\$(0\.0\d+)", page):
            known = {item["costUsd"] for item in told["items"]} | {told["total"]["costUsd"]}
            assert Decimal(amount) in known | {Decimal("0.00")}
    names = {each for each in ("Acme", "Other") if f">{each}</option>" in read(client)}
    assert names <= caller.everybody | caller.own
