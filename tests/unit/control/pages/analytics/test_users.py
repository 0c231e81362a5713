import csv
import io
import re

import msgspec
import pytest
from django.utils import timezone

from headgate.control.budgets.operations import create_budget
from headgate.control.pages.analytics import users
from headgate.domain.principal import Attribution
from tests.unit.control.api.people import ask, make_person, session_of

pytestmark = pytest.mark.django_db
PAGE = "/admin/ai-analytics/users/"
USD = 1_000_000_000
SPENT = {"calm": 1, "near": 4, "over": 5, "=evil()": 2}


@pytest.fixture
def root():
    return session_of(make_person("root", is_staff=True, is_superuser=True))


@pytest.fixture
def asked(acme):
    """Four users, each of whom may spend 5 USD a day; one of them has an account."""
    now = timezone.now().timestamp()
    for number, (name, amount) in enumerate(SPENT.items()):
        ask(acme, number, at=now, cost=amount * USD, attribution=Attribution(user=name))
    create_budget(name="day", scope="user", period="day", limit=5, organization=acme)
    make_person("near", member_of=acme, email="near@example.com")
    return acme


def names(client, query: str = "") -> list[str]:
    page = client.get(PAGE + query).content.decode()
    found = re.findall(r'<th scope="row" role="rowheader"><a[^>]*>(.*?)</a>', page)
    return [name.replace("&#x27;", "'") for name in found]


def test_users_are_shown_with_bars_and_badges(root, asked):
    page = root.get(PAGE).content.decode()
    assert ["over", "near", "=evil()", "calm"] == names(root)
    for text in ("$4.00, 80.00 % of $5.00", "near@example.com", "Warning (from 80%) 1", "Exceeded (from 100%) 1"):
        assert text in page, text
    assert "All Users 4" in page
    assert (1, 1, 2) == tuple(page.count(f"hg-bar hg-{colour}") for colour in ("red", "yellow", "green"))


def test_filters_search_and_order_go_together(root, asked):
    assert ["near"] == names(root, "?status=warning")
    assert ["over"] == names(root, "?status=exceeded")
    assert ["near"] == names(root, "?search=NEAR@")
    assert [] == names(root, "?search=near&status=exceeded")
    assert ["=evil()", "calm", "near", "over"] == names(root, "?order=name")
    assert ["over", "near", "=evil()", "calm"] == names(root, "?status=nonsense&order=nonsense&page=-1")
    assert "No user matches." in root.get(f"{PAGE}?search=nobody").content.decode()
    page = root.get(f"{PAGE}?search=e&order=name").content.decode().replace("&amp;", "&")
    assert f'"{PAGE}?search=e&order=name&status=warning"' in page
    assert f'"{PAGE}users.csv?search=e&order=name"' in page


def test_a_name_leads_to_the_persons_page_for_who_may_open_it(root, asked):
    boss = session_of(make_person("boss", member_of=asked, role="admin", is_staff=True))
    assert (
        "/admin/organizations/user/"
        in re.findall(r'<th scope="row" role="rowheader"><a[^>]*>near', root.get(PAGE).content.decode())[0]
    )
    assert (
        "requests/?organization="
        in re.findall(r'<th scope="row" role="rowheader"><a[^>]*>near', boss.get(PAGE).content.decode())[0]
    )


def test_there_are_pages_of_users(root, asked, monkeypatch):
    monkeypatch.setattr(users, "PER_PAGE", 3)
    first = root.get(f"{PAGE}?order=name")
    assert ("", f"{PAGE}?order=name&page=2") == (first.context["before"], first.context["after"])
    last = root.get(first.context["after"])
    assert (f"{PAGE}?order=name", "") == (last.context["before"], last.context["after"])
    assert ["over"] == names(root, "?order=name&page=2")


def test_the_file_has_everybody_with_the_same_filters_and_no_formulas(root, asked, monkeypatch):
    monkeypatch.setattr(users, "PER_PAGE", 1)
    answer = root.get(f"{PAGE}users.csv")
    assert ("text/csv; charset=utf-8", 'attachment; filename="users.csv"') == (
        answer.headers["content-type"],
        answer.headers["content-disposition"],
    )
    text = answer.content.decode()
    assert text.startswith("Username,Daily Spend,Monthly Spend")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [("over", "5", "5"), ("near", "4", "4"), ("'=evil()", "2", "2"), ("calm", "1", "1")] == [
        (row["Username"], row["Daily Spend"], row["Monthly Spend"]) for row in rows
    ]
    assert ("Warning", "near@example.com", "Acme", "5", "80", "") == tuple(
        rows[1][name] for name in ("Status", "Email", "Organization", "Daily Limit", "Daily Percent", "Monthly Limit")
    )
    chosen = root.get(f"{PAGE}users.csv?status=exceeded").content.decode()
    assert ["over"] == [row["Username"] for row in csv.DictReader(io.StringIO(chosen))]


def test_a_user_whose_last_request_a_budget_refused_is_told_from_the_others(root, asked):
    refused = {"outcome": "refused", "error": "limit_exceeded", "status": 429}
    ask(asked, 9, at=timezone.now().timestamp(), attribution=Attribution(user="calm"), **refused)
    assert {"over", "calm"} == set(names(root, "?status=exceeded"))
    assert "a budget refused the last request" in root.get(f"{PAGE}?search=calm").content.decode()


def test_amounts_are_left_out_where_costs_are_not_shown(root, asked, settings):
    settings.BUDGET_DEFAULTS = msgspec.structs.replace(settings.BUDGET_DEFAULTS, tracking=False)
    assert re.search(r"\$\d", root.get(PAGE).content.decode()) is None
    rows = list(csv.DictReader(io.StringIO(root.get(f"{PAGE}users.csv").content.decode())))
    assert {""} == {row[name] for row in rows for name in ("Daily Spend", "Daily Limit", "Monthly Spend")}


def test_before_anybody_asked_the_page_says_so(acme):
    boss = session_of(make_person("boss", member_of=acme, role="admin", is_staff=True))
    assert ["boss"] == names(boss)
