"""No page crosses an organization: everybody is tried at every page, over two organizations with users of their own.

A new page is a row of `PAGES`.
"""

from collections.abc import Callable
from typing import NamedTuple

import pytest
from django.utils import timezone

from headgate.control.budgets.models import Adjustment
from headgate.control.budgets.operations import create_budget
from headgate.control.organizations.models import Organization
from headgate.domain.principal import Attribution
from tests.unit.control.api.people import ACME, CALLERS, OTHER, Caller, ask

pytestmark = pytest.mark.django_db
LOGIN = "/account/login/"
NAMES = {"Acme": "someone-of-acme", "Other": "someone-of-other"}
"""Users whose names say whose rows a page shows."""


class Page(NamedTuple):
    """A page, and whose rows a caller finds on it."""

    path: str
    sees: Callable[[Caller], frozenset[str] | None]
    """Names of organizations; None: he is refused."""


def everybodys(caller: Caller) -> frozenset[str] | None:
    """Everybody's rows, of the organizations where he may see them."""
    return caller.everybody or None


def of_other(caller: Caller) -> frozenset[str] | None:
    """What is asked about the other organization by its name."""
    return OTHER if "Other" in caller.everybody else None


def governed(caller: Caller) -> frozenset[str] | None:
    """The newest requests of the first organization that he administrates: who may only view is no administrator."""
    return ACME if caller.resets & caller.everybody else None


def his_own(caller: Caller) -> frozenset[str]:
    """Nobody's of these users, for he is none of them."""
    return frozenset()


def resets_of_other(caller: Caller) -> frozenset[str] | None:
    """Who asks to reset a user of the other organization."""
    return OTHER if "Other" in caller.resets else None


ANALYTICS = "/admin/ai-analytics"
PAGES = [
    Page(f"{ANALYTICS}/", everybodys),
    Page(f"{ANALYTICS}/?organization=Other", of_other),
    Page(f"{ANALYTICS}/users/", everybodys),
    Page(f"{ANALYTICS}/users/?organization=Other", of_other),
    Page(f"{ANALYTICS}/users/users.csv", everybodys),
    Page(f"{ANALYTICS}/users/users.csv?organization=Other&search=some", of_other),
    Page(f"{ANALYTICS}/users/reset/?user=someone-of-other&organization=Other", resets_of_other),
    Page(f"{ANALYTICS}/system/", everybodys),
    Page(f"{ANALYTICS}/system/?organization=Other&interval=hour", of_other),
    Page(f"{ANALYTICS}/requests/", everybodys),
    Page(f"{ANALYTICS}/requests/?slow=1", everybodys),
    Page(f"{ANALYTICS}/requests/?errors=1", everybodys),
    Page(f"{ANALYTICS}/requests/?organization=Other", of_other),
    Page("/admin/ai", governed),
    Page("/admin/ai/?keys=used", governed),
    Page("/account/", his_own),
]


@pytest.fixture
def organizations(acme: Organization, other: Organization) -> tuple[Organization, Organization]:
    """Two organizations, in each of which a user asked twice; once in vain."""
    now = timezone.now().timestamp()
    for organization in (acme, other):
        whom = Attribution(user=NAMES[organization.name])
        ask(organization, 1, at=now, attribution=whom, original_model=f"model-of-{NAMES[organization.name]}")
        failed = {
            "outcome": "fault",
            "error": "internal_error",
            "status": 500,
            "latency_ms": 6_000.0,
            "message": NAMES[organization.name],
        }
        ask(organization, 2, at=now, attribution=whom, **failed)
    return acme, other


def signs_in(who: str) -> bool:
    """Whether the caller is a person; a key is nothing to a page."""
    return not who.startswith("key") and not CALLERS[who].refused


@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize("page", PAGES, ids=[page.path for page in PAGES])
def test_everybody_sees_what_is_his(page: Page, who: str, organizations: tuple[Organization, Organization]):
    answer = CALLERS[who].make(*organizations).get(page.path)
    content = answer.content.decode()
    shown = frozenset(name for name, user in NAMES.items() if user in content)
    if not signs_in(who):
        assert (302, True) == (answer.status_code, answer.headers["location"].startswith(LOGIN))
        return
    expected = page.sees(CALLERS[who])
    assert (expected or frozenset()) == shown
    assert (answer.status_code == 200) == (expected is not None)
    assert answer.status_code in {200, 403, 404}


@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize("name", NAMES)
def test_spend_is_reset_by_whoever_may(who: str, name: str, organizations: tuple[Organization, Organization]):
    for each in organizations:
        create_budget(name="day", scope="user", period="day", limit=1, organization=each)
    path = f"{ANALYTICS}/users/reset/?user={NAMES[name]}&organization={name}"
    answer = CALLERS[who].make(*organizations).post(path, {"reason": "why", "given_id": "1" * 32})
    may = name in CALLERS[who].resets
    assert ({name} if may else set()) == set(Adjustment.objects.values_list("organization__name", flat=True))
    assert may == (signs_in(who) and answer.status_code == 302)
    # A key is nobody, and has no token of a form.
    assert answer.status_code in {302, 403, 404}


def test_there_are_callers_of_every_kind():
    seen = {CALLERS[who].everybody for who in CALLERS if signs_in(who)}
    assert {frozenset(), ACME, ACME | OTHER} == seen
