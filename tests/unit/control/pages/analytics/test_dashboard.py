import datetime as dt
import re

import pytest
from django.utils import timezone

from headgate.control.ledger.freshness import note_ingest
from headgate.control.pages.analytics.dashboard import tracing
from headgate.control.sinks.environment import LangSmithSettings
from headgate.control.sinks.health import langsmith_health
from headgate.control.sinks.operations import note
from headgate.domain.principal import Attribution
from tests.unit.control.api.people import ask, make_person, session_of

pytestmark = pytest.mark.django_db
PAGE = "/admin/ai-analytics/"


@pytest.fixture
def root():
    return session_of(make_person("root", is_staff=True, is_superuser=True))


@pytest.fixture
def asked(acme, other):
    now = timezone.now().timestamp()
    mine = {"attribution": Attribution(user="u1")}
    ask(acme, 1, at=now, cost=1_000_000_000, provider="openai", **mine)
    ask(acme, 2, at=now, cost=3_000_000_000, provider="anthropic", original_model="opus", **mine)
    ask(acme, 3, at=now, outcome="fault", error="internal_error", message="Broken <here>", status=500, cost=0, **mine)
    ask(other, 1, at=now, cost=500, attribution=Attribution(user="u9"))
    return acme


def text_of(client, address: str = PAGE) -> str:
    answer = client.get(address)
    assert 200 == answer.status_code
    return answer.content.decode()


def row(page: str, name: str) -> list[str]:
    """The cells of the row of a table that begins with a name."""
    for each in re.findall(r"<tr[^>]*>(.*?)</tr>", page, re.DOTALL):
        cells = [
            re.sub(r"<[^>]*>", "", cell).strip() for cell in re.findall(r"<t[hd].*?>(.*?)</t[hd]>", each, re.DOTALL)
        ]
        if cells and cells[0] == name:
            return cells
    raise AssertionError(name)


def test_it_says_what_everything_came_to(root, asked):
    page = text_of(root)
    for figure in ("AI Analytics Dashboard", "$4.0000005", "25.00%", "1 of 4 requests"):
        assert figure in page, figure
    assert ["anthropic", "1", "$3.00", "0.00%"] == row(page, "anthropic")
    assert page.index(">anthropic<") < page.index(">openai<"), "the most expensive first"
    assert ["u1", "-", "Acme", "3", "$4.00"] == row(page, "u1")


def test_cards_and_rows_lead_to_what_is_behind_them(root, asked):
    page = text_of(root, f"{PAGE}?organization=Acme&days=30").replace("&amp;", "&")
    for address in (
        f"/costs?days=30&orgId={asked.pk}&groupBy=provider",
        f"/costs?days=30&orgId={asked.pk}&groupBy=model&provider=anthropic",
        f"/admin/ai-analytics/requests/?organization={asked.pk}&days=30&errors=1",
        f"/admin/ai-analytics/requests/?organization={asked.pk}&user=u1",
        "/admin/requestlog/requestlog/aigw_acme_1/change/",
    ):
        assert f'"{address}"' in page, address
    assert "u9" not in page


def test_the_name_of_a_person_leads_to_the_admins_page_for_the_operator_alone(root, asked):
    person = make_person("u1", member_of=asked, email="u1@example.com")
    boss = session_of(make_person("boss", member_of=asked, role="admin", is_staff=True))
    address = f"/admin/organizations/user/{person.pk}/change/"
    assert address in text_of(root)
    assert address not in text_of(boss)
    assert "u1@example.com" in text_of(boss)


def test_an_error_says_what_was_wrong_and_leads_to_its_trace(root, asked, settings):
    settings.LANGSMITH = LangSmithSettings(api_key="k", project="mine")
    note("langsmith", timezone.now(), None, "https://smith.example/o/1/projects/p/2")
    page = text_of(root)
    assert "Broken &lt;here&gt;" in page
    assert re.search(
        r'href="https://smith.example/o/1/projects/p/2/r/[0-9a-f-]{36}\?poll=true"[^>]*>View in LangSmith', page
    )


@pytest.mark.parametrize(
    ("key", "error", "state", "detail"),
    [
        (None, None, "Off", "Nothing is traced: LANGSMITH_API_KEY is not set."),
        ("k", None, "Connected", "Tracing is on, up to date."),
        ("k", "ConnectionError: away", "Disconnected", "Tracing is on, but ConnectionError: away. No request waits."),
    ],
)
def test_it_says_how_langsmith_does(settings, key, error, state, detail):
    settings.LANGSMITH = LangSmithSettings(api_key=key)
    note("langsmith", timezone.now(), error)
    found = tracing(langsmith_health())
    assert (state, detail) == (found.state, found.detail)


def test_how_langsmith_does_is_the_operators_to_know(root, acme):
    assert "LangSmith Status" in text_of(root)
    boss = make_person("boss", member_of=acme, role="admin", is_staff=True)
    assert "LangSmith Status" not in text_of(session_of(boss))


def test_a_sampled_trace_says_so(settings):
    settings.LANGSMITH = LangSmithSettings(api_key="k", sampling_rate=0.25)
    note("langsmith", timezone.now(), None)
    assert "25% of the traces are sampled" in tracing(langsmith_health()).detail


def test_before_the_first_request_it_says_how_to_send_one(root, acme):
    page = text_of(root)
    assert "No requests yet" in page
    assert "curl http://localhost/v1/chat/completions" in page
    assert "Nothing to draw yet" not in page, "a chart of days without costs is a chart"


def test_it_says_how_fresh_it_is_and_loudly_when_ingest_stands_still(root, acme):
    assert 'role="alert" id="freshness"' in text_of(root)
    note_ingest("n", timezone.now(), caught_up=True, parked=0)
    page = text_of(root)
    assert "Requests are counted within 5 s of their end" in page
    assert 'role="alert" id="freshness"' not in page
    note_ingest("n", timezone.now() - dt.timedelta(hours=1), caught_up=True, parked=0)
    assert "Ingest stands still or is behind" in text_of(root)


@pytest.mark.usefixtures("costs_hidden")
def test_amounts_are_left_out_where_costs_are_not_shown(root, asked):
    page = text_of(root)
    assert re.search(r"\$\d", page) is None
    assert "Requests per day" in page


def test_whoever_administrates_nothing_is_told_so():
    answer = session_of(make_person("clerk", is_staff=True)).get(PAGE)
    assert 403 == answer.status_code
    assert b"staff who may view AI analytics" in answer.content


@pytest.mark.parametrize(("days", "words"), [("1", "today"), ("90", "last 90 days"), ("3", "last 7 days")])
def test_days_are_chosen_among_four(root, acme, days, words):
    page = text_of(root, f"{PAGE}?days={days}")
    assert f"System Metrics ({words})" in page
    assert 1 == page.count('aria-current="true"')


def test_without_its_slash_it_is_found_too(root):
    answer = root.get("/admin/ai-analytics?days=30")
    assert (302, "/admin/ai-analytics/?days=30") == (answer.status_code, answer.headers["location"])
    assert "/admin/ai-analytics/" in text_of(root, "/admin/")
