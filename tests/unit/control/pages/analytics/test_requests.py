import pytest
from django.utils import timezone

from headgate.control.pages.analytics import requests
from headgate.domain.principal import Attribution
from tests.unit.control.api.people import ask, make_person, session_of

pytestmark = pytest.mark.django_db
PAGE = "/admin/ai-analytics/requests/"


@pytest.fixture
def root():
    return session_of(make_person("root", is_staff=True, is_superuser=True))


@pytest.fixture
def asked(acme):
    """Five requests, a second apart: u0, u1, u0, ...; the third failed."""
    now = timezone.now().timestamp()
    for number in range(5):
        failed = {"outcome": "fault", "error": "internal_error", "status": 500} if number == 2 else {}
        ask(acme, number, at=now - 60 + number, attribution=Attribution(user=f"u{number % 2}"), **failed)
    return acme


def shown(client, address: str = PAGE) -> list[str]:
    page = client.get(address).content.decode()
    found = {number: page.find(f"requestlog/aigw_acme_{number}/change/") for number in range(5)}
    return [str(number) for number in sorted(found, key=lambda each: found[each]) if found[number] >= 0]


def test_requests_are_shown_newest_first_all_or_of_a_user_or_those_that_failed(root, asked):
    assert ["4", "3", "2", "1", "0"] == shown(root)
    assert ["3", "1"] == shown(root, f"{PAGE}?user=u1")
    assert ["2"] == shown(root, f"{PAGE}?errors=1")
    assert [] == shown(root, f"{PAGE}?user=nobody")
    assert b"There is no such request." in root.get(f"{PAGE}?user=nobody").content
    assert b"No errors" in root.get(f"{PAGE}?user=u1&errors=1").content


def test_a_page_leads_to_the_older_ones_and_keeps_what_was_asked(root, asked, monkeypatch):
    monkeypatch.setattr(requests, "PER_PAGE", 2)
    context = root.get(f"{PAGE}?user=u0").context
    assert "" == context["newest_page"]
    assert "user=u0&before=" in context["older"]
    assert ["0"] == shown(root, context["older"])
    last = root.get(context["older"]).context
    assert ("", f"{PAGE}?user=u0") == (last["older"], last["newest_page"])


@pytest.mark.parametrize("before", ["x", "2026-01-01T00:00:00+00:00", "2026-01-01~a", "~"])
def test_what_is_no_place_in_the_log_is_refused(root, before):
    answer = root.get(PAGE, {"before": before})
    assert 400 == answer.status_code
    assert b"begin at the newest requests" in answer.content
