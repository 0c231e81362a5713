import pytest
from django.utils import timezone

from headgate.control.audit.models import AuditEntry
from headgate.control.budgets.models import Adjustment
from headgate.control.budgets.operations import create_budget
from headgate.domain.principal import Attribution
from tests.unit.control.api.people import CALLERS, ask, make_person, session_of

pytestmark = pytest.mark.django_db
RESET = "/admin/ai-analytics/users/reset/?user=u1&organization=Acme"
WHY = {"reason": "A test ran wild.", "given_id": "1" * 32}


@pytest.fixture
def asked(acme):
    ask(acme, 1, at=timezone.now().timestamp(), cost=4_000_000_000, attribution=Attribution(user="u1"))
    create_budget(name="day", scope="user", period="day", limit=5, organization=acme)
    return acme


@pytest.fixture
def boss(asked):
    return session_of(make_person("boss", member_of=asked, role="admin", is_staff=True))


def test_it_asks_why_and_says_how_the_user_stands(boss):
    page = boss.get(RESET).content.decode()
    assert "Reset the spend of u1" in page
    assert "$4.00, 80.00 % of $5.00" in page
    unsaid = boss.post(RESET, {"given_id": "1" * 32})
    assert (200, False) == (unsaid.status_code, Adjustment.objects.exists())
    assert "This field is required." in unsaid.content.decode()


def test_a_reset_empties_the_bar_and_stays_in_the_books_with_its_reason(boss, asked):
    answer = boss.post(RESET, WHY, follow=True)
    page = answer.content.decode()
    assert f"/admin/ai-analytics/users/?organization={asked.pk}&search=u1" == answer.redirect_chain[0][0]
    assert "u1 starts anew in the budget &#x27;day&#x27;: $4.00 were spent." in page
    assert "$0.00, 0.00 % of $5.00" in page
    assert ["A test ran wild."] == list(Adjustment.objects.values_list("reason", flat=True))
    assert AuditEntry.objects.filter(actor="boss", action="reset").exists()


def test_the_same_answer_twice_resets_once(boss):
    boss.post(RESET, WHY)
    again = boss.post(RESET, WHY, follow=True)
    assert "there was nothing to reset" in again.content.decode()
    assert 1 == Adjustment.objects.count()


def test_the_installations_budgets_are_its_operators_to_reset(boss, asked):
    create_budget(name="of all", scope="user", period="month", limit=50)
    page = boss.post(RESET, WHY, follow=True).content.decode()
    assert "These are the installation&#x27;s budgets, which its operator resets: &#x27;of all&#x27;." in page


def test_who_may_reset_but_not_view_comes_back_to_the_question(asked, other):
    client = CALLERS["staff who may reset"].make(asked, other)
    answer = client.post(RESET, WHY, follow=True)
    assert (200, True) == (answer.status_code, "u1 starts anew" in answer.content.decode())
    assert answer.redirect_chain[0][0].startswith("/admin/ai-analytics/users/reset/")


def test_without_a_token_of_the_form_nothing_is_reset(asked):
    person = make_person("root", is_staff=True, is_superuser=True)
    assert 403 == session_of(person, enforce_csrf=True).post(RESET, WHY).status_code
    assert not Adjustment.objects.exists()


@pytest.mark.parametrize("query", ["", "?user=u1", "?organization=Acme", "?organization=Acme&user=a%00b"])
def test_a_reset_is_of_one_user_of_one_organization(boss, query):
    assert 400 == boss.get(f"/admin/ai-analytics/users/reset/{query}").status_code
