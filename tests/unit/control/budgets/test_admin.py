import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from headgate.control.budgets.models import Adjustment, Budget, Window
from headgate.control.budgets.operations import create_budget, retire
from headgate.control.budgets.queries import current_windows
from headgate.control.publication.models import Snapshot
from headgate.snapshot.contract import decode_snapshot

pytestmark = pytest.mark.django_db
BUDGETS = "/admin/budgets/budget/"
WINDOWS = "/admin/budgets/window/"
USD = 1_000_000_000
NEW = {
    "organization": "",
    "name": "Everybody",
    "scope": "system",
    "subject": "",
    "period": "month",
    "time_zone": "Europe/Berlin",
    "unit": "money",
    "limit": "2.5",
    "currency": "EUR",
}


def make(**fields) -> Budget:
    return create_budget(**{"name": "b", "scope": "system", "period": "day", "limit": 10, **fields})


def published():
    return decode_snapshot(bytes(Snapshot.objects.latest("revision").payload)).budgets


def errors(answer) -> dict[str, list[str]]:
    return answer.context["adminform"].form.errors


def reset_id(page) -> str:
    return page.context["form"].initial["given_id"]


def test_the_operator_creates_a_budget_and_it_is_published_once(superuser, signed_in):
    assert 302 == signed_in(superuser).post(f"{BUDGETS}add/", NEW).status_code
    assert [("Everybody", 2_600_000_000, "month:Europe/Berlin")] == [(b.name, b.limit, b.calendar) for b in published()]
    assert 1 == Snapshot.objects.count()


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("limit", {"limit": "-1"}),
        ("limit", {"limit": "NaN"}),
        ("limit", {"limit": "1e30"}),
        ("limit", {"unit": "tokens", "limit": "1.5"}),
        ("currency", {"currency": "ZZZ"}),
        ("time_zone", {"time_zone": "Mars/Olympus"}),
        ("subject", {"subject": "ada"}),
        ("organization", {"scope": "user", "subject": "ada"}),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(superuser, signed_in, field: str, changes: dict[str, str]):
    answer = signed_in(superuser).post(f"{BUDGETS}add/", {**NEW, **changes})
    assert [field] == list(errors(answer))
    assert (0, 0) == (Budget.objects.count(), Snapshot.objects.count())


def test_an_organization_admin_bounds_parts_of_his_organization_but_not_all_of_it(acme, acme_admin, signed_in):
    client = signed_in(acme_admin)
    assert 302 == client.post(f"{BUDGETS}add/", {**NEW, "organization": acme.pk, "scope": "team"}).status_code
    for scope in ("system", "organization"):
        assert ["scope"] == list(
            errors(client.post(f"{BUDGETS}add/", {**NEW, "organization": acme.pk, "scope": scope}))
        )
    assert ["team"] == list(Budget.objects.values_list("scope", flat=True))


def test_an_organization_admin_does_not_lift_what_the_operator_set(acme, acme_admin, signed_in):
    budget = make(scope="organization", organization=acme)
    client = signed_in(acme_admin)
    page = client.get(f"{BUDGETS}{budget.pk}/change/")
    assert (200, False) == (page.status_code, page.context["has_change_permission"])
    assert 403 == client.post(f"{BUDGETS}{budget.pk}/change/", {"limit": "99"}).status_code
    for page, row in ((BUDGETS, budget), (WINDOWS, Window.objects.get())):
        answer = client.post(page, {"action": "reset", "_selected_action": [row.pk]}, follow=True)
        assert "None of these can be reset here." in answer.content.decode()
    client.post(BUDGETS, {"action": "retire", "_selected_action": [budget.pk]})
    budget.refresh_from_db()
    assert (None, 0, Decimal(10)) == (budget.retired_at, budget.epoch, budget.limit)


def test_a_change_takes_the_way_of_each_field(superuser, signed_in):
    budget = make()
    given = {"name": "renamed", "limit": "4", "period": "month", "time_zone": "Asia/Tokyo", "reason": "a new contract"}
    assert 302 == signed_in(superuser).post(f"{BUDGETS}{budget.pk}/change/", {**given, "soft": "on"}).status_code
    (one,) = published()
    assert ("renamed", 4 * USD, 8 * USD, 2, 2, "month:Asia/Tokyo") == (
        one.name,
        one.limit,
        one.hard,
        one.limit_version,
        one.epoch,
        one.calendar,
    )
    assert {"calendar"} == set(Adjustment.objects.values_list("kind", flat=True))
    assert "root" == Adjustment.objects.first().actor
    assert 4 * USD == current_windows(timezone.now()).get().limit_amount


def test_another_time_zone_needs_a_reason(superuser, signed_in):
    budget = make()
    given = {"name": "b", "limit": "10", "period": "day", "time_zone": "Asia/Tokyo"}
    assert ["reason"] == list(errors(signed_in(superuser).post(f"{BUDGETS}{budget.pk}/change/", given)))
    budget.refresh_from_db()
    assert "UTC" == budget.time_zone


def test_saving_without_a_change_changes_nothing(superuser, signed_in):
    budget = make()
    given = {"name": "b", "limit": "10", "period": "day", "time_zone": "UTC"}
    assert 302 == signed_in(superuser).post(f"{BUDGETS}{budget.pk}/change/", given).status_code
    assert [(1, 0)] == [(b.limit_version, b.epoch) for b in published()]


@pytest.mark.parametrize("source", ["environment", "policy"])
def test_a_budget_of_the_environment_or_a_policy_is_changed_where_it_was_made(superuser, signed_in, source: str):
    budget = make(source=source)
    client = signed_in(superuser)
    assert 403 == client.post(f"{BUDGETS}{budget.pk}/change/", {"limit": "99"}).status_code
    client.post(BUDGETS, {"action": "retire", "_selected_action": [budget.pk]})
    budget.refresh_from_db()
    assert (None, Decimal(10)) == (budget.retired_at, budget.limit)


def test_a_budget_is_reset_with_a_reason_once(superuser, signed_in):
    budget = make()
    Window.objects.update(spent=7)
    client = signed_in(superuser)
    chosen = {"action": "reset", "_selected_action": [budget.pk]}
    asked = reset_id(client.post(BUDGETS, chosen))
    assert 200 == client.post(BUDGETS, {**chosen, "given_id": asked, "reason": ""}).status_code
    assert 0 == Adjustment.objects.count()
    for _ in range(2):
        assert 302 == client.post(BUDGETS, {**chosen, "given_id": asked, "reason": "goodwill"}).status_code
    assert [(-7, "goodwill", "root")] == list(Adjustment.objects.values_list("amount", "reason", "actor"))
    assert [1] == [b.epoch for b in published()]


def test_one_user_s_window_is_reset_and_the_others_stay(acme, superuser, signed_in, spend):
    for user in ("ada", "bob"):
        spend(acme, 3, user=user, at=timezone.now())
    make(scope="user", organization=acme)
    client = signed_in(superuser)
    chosen = {"action": "reset", "_selected_action": [Window.objects.get(subject="ada").pk]}
    asked = reset_id(client.post(WINDOWS, chosen))
    assert 302 == client.post(WINDOWS, {**chosen, "given_id": asked, "reason": "goodwill"}).status_code
    assert ["bob"] == [row.subject for row in current_windows(timezone.now())]
    assert [-3] == list(Adjustment.objects.values_list("amount", flat=True))


def test_a_retired_budget_is_listed_as_such_and_stays(superuser, signed_in):
    budget = make()
    client = signed_in(superuser)
    client.post(BUDGETS, {"action": "retire", "_selected_action": [budget.pk]})
    assert b"retired" in client.get(BUDGETS).content
    assert ((), 403) == (published(), client.post(f"{BUDGETS}{budget.pk}/change/", {"limit": "1"}).status_code)
    assert 403 == client.post(f"{BUDGETS}{budget.pk}/delete/", {"post": "yes"}).status_code
    assert Budget.objects.filter(pk=budget.pk).exists()


def test_the_list_shows_spent_and_held_of_the_fullest_window(acme, superuser, signed_in, spend):
    spend(acme, 3 * USD, user="ada", at=timezone.now())
    spend(acme, 5 * USD, user="bob", at=timezone.now())
    make(scope="user")
    Window.objects.filter(subject="bob").update(leased=4 * USD)
    content = signed_in(superuser).get(BUDGETS).content.decode()
    assert "90 %: $5.00 spent, $4.00 held" in content
    assert 'data-share="90"' in content


def test_the_page_of_a_budget_has_its_windows_and_entries(superuser, signed_in):
    budget = make()
    Window.objects.update(spent=12 * USD, excess=2 * USD)
    retire(budget)
    content = signed_in(superuser).get(f"{BUDGETS}{budget.pk}/change/").content.decode()
    assert "120 %: $12.00 spent" in content
    assert "Adjustments" in content


def test_a_list_page_costs_a_fixed_number_of_queries(acme, superuser, signed_in, django_assert_num_queries):
    client = signed_in(superuser)
    for number in range(5):
        make(name=str(number), organization=acme, scope="organization")
    with django_assert_num_queries(6):
        client.get(BUDGETS)
    with django_assert_num_queries(5):
        client.get(WINDOWS)


def test_windows_of_yesterday_are_not_shown_as_used_now(superuser, signed_in):
    make(now=timezone.now() - dt.timedelta(days=2))
    Window.objects.update(spent=USD)
    assert "data-share" not in signed_in(superuser).get(BUDGETS).content.decode()
