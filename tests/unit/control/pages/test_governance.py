import html
import re

import pytest
from django.utils import timezone

from headgate.control.budgets.operations import create_budget
from headgate.control.keys.operations import create_key, revoke_key
from headgate.control.keys.sessions import ACTIVE, session_key_of
from headgate.control.organizations.models import Membership, Role
from headgate.control.policies.models import Policy
from headgate.domain.principal import Attribution
from headgate.domain.verdict import Verdict
from tests.unit.control.api.people import CALLERS, ask, make_person, session_of
from tests.unit.control.rows import ROWS, make_credential, post_request

pytestmark = pytest.mark.django_db
PATH = "/admin/ai"
SHOWN = ("keys_virtualkey", "policies_policy", "deployments_deployment", "budgets_budget", "requestlog_requestlog")


def texts(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def part(page: str, name: str) -> str:
    """What is in a section of the page."""
    return texts(page.partition(f'id="{name}"')[2].partition("</table>")[0])


@pytest.fixture
def admin(acme, other):
    return CALLERS["organization admin"].make(acme, other)


@pytest.mark.parametrize("who", [name for name in CALLERS if not name.startswith("key")])
@pytest.mark.parametrize("path", [PATH, f"{PATH}/"])
def test_everybody_sees_the_organizations_that_he_administrates_and_no_other(who: str, path: str, acme, other):
    for organization in (acme, other):
        for name in SHOWN:
            ROWS[name](organization)
    client = CALLERS[who].make(acme, other)
    seen = {"organization admin": {"Acme"}, "operator": {"Acme", "Other"}}.get(who, set())
    for organization in (acme, other):
        session = client.session
        session[ACTIVE] = organization.pk
        session.save()
        answer = client.get(path)
        assert (200 if seen else 302 if CALLERS[who].refused else 403) == answer.status_code
        page = answer.content.decode()
        if organization.name not in seen:
            assert f"key of {organization.name}" not in page
            assert f"{organization.name}-gpt" not in page
            assert f"credential of {organization.name}" not in page
            assert f"aigw_1_{organization.name.lower()}" not in page
        else:
            assert f"key of {organization.name}" in page
            for other_name in {"Acme", "Other"} - {organization.name}:
                assert f"key of {other_name}" not in page
                assert f"{other_name}-gpt" not in page


def test_an_admin_who_works_elsewhere_sees_what_he_administrates(acme, other):
    boss = make_person("boss", member_of=acme, role=Role.ADMIN, is_staff=True)
    Membership.objects.create(user=boss, organization=other)
    client = session_of(boss)
    client.post("/account/organization/", {"organization": other.pk})
    page = client.get(PATH).content.decode()
    assert "is <strong>on</strong> for Acme" in page
    assert "Other" not in part(page, "gateway")


def test_it_says_whether_the_gateway_is_on_and_who_switches_it(acme, other, admin):
    acme.enabled = False
    acme.save()
    page = admin.get(PATH).content.decode()
    assert "is <strong>off</strong> for Acme" in page
    assert "The operator of this installation can switch it on" in page
    assert "Switch on" not in page
    assert "Switch on" in CALLERS["operator"].make(acme, other).get(PATH).content.decode()


def test_keys_that_work_are_listed_with_their_use(acme, admin):
    now = timezone.now().timestamp()
    used = create_key(acme, "used").key
    create_key(acme, "idle")
    create_key(acme, "of ann", defaults={"user": "ann"}, locked=["user"])
    revoke_key(create_key(acme, "gone").key)
    session_key_of(make_person("bob", member_of=acme), acme)
    for number in range(2):
        ask(acme, number, at=now, cost=1_000, key_id=used.pk)
    page = admin.get(PATH).content.decode()
    shown = part(page, "keys")
    assert f"used {used.prefix}… active" in shown
    assert f"2 requests, last on {timezone.now().date()} $0.000002" in shown
    assert "of ann of ann" in shown
    for name in ("gone", "Session of"):
        assert name not in shown
    most = part(admin.get(f"{PATH}?keys=used").content.decode(), "keys")
    assert most.index("used sk-hg") < most.index("idle")
    assert f'href="/admin/keys/virtualkey/add/?organization={acme.pk}"' in page


def test_the_form_for_a_new_key_or_policy_knows_the_organization(acme, other):
    client = CALLERS["operator"].make(acme, other)
    for path in ("keys/virtualkey", "policies/policy", "deployments/providercredential", "deployments/deployment"):
        form = client.get(f"/admin/{path}/add/?organization={other.pk}").content.decode()
        assert f'<option value="{other.pk}" selected>' in form


def test_policies_are_listed_with_what_they_would_have_blocked(acme, admin):
    now = timezone.now().timestamp()
    for number, model in enumerate(["gpt-4", "gpt-4", "gpt-4o-mini"]):
        ask(acme, number, at=now, original_model=model)
    fields = {"blocked_models": ["gpt-4"], "max_cost_per_day_eur": 50, "max_tokens_per_request": 5_000}
    Policy.objects.create(organization=acme, name="Production Policy", **fields)
    Policy.objects.create(organization=acme, name="Trial", shadow=True, allowed_models=["gpt-4"])
    shown = part(admin.get(PATH).content.decode(), "policies")
    assert "Production Policy enforced all gpt-4 50 EUR 5,000 2 of 3" in shown
    assert "Trial shadow gpt-4 none - - 1 of 3" in shown


def test_recent_requests_say_what_decided_and_lead_to_their_pages(acme, admin):
    verdict = Verdict(policy="Production", rule="blockedModels", effect="blocked", reason="Model gpt-4 is blocked.")
    post_request(acme, 7, outcome="refused", status=403, error="policy_blocked", verdicts=(verdict,))
    page = admin.get(PATH).content.decode()
    assert "403 refused policy_blocked blocked: Production: blockedModels" in part(page, "requests")
    (href,) = re.findall(r'href="(/admin/requestlog/requestlog/[^"]+/change/)"', page)
    assert "Model gpt-4 is blocked." in admin.get(href).content.decode()


def test_credentials_say_when_they_were_rotated_and_lead_to_it(acme, admin):
    made = make_credential(acme)
    page = admin.get(PATH).content.decode()
    assert f"credential of Acme openai …6789 {made.rotated_at:%Y-%m-%d}" in part(page, "credentials")
    (href,) = re.findall(r'href="([^"]+)" aria-label="Rotate', page)
    form = {"organization": acme.pk, "name": made.name, "provider": "openai", "secret": "sk-another-secret-4321"}
    assert 302 == admin.post(href, form).status_code
    assert "…4321" in part(admin.get(PATH).content.decode(), "credentials")


def test_budgets_of_the_whole_organization_have_bars(acme, admin):
    create_budget(name="All of Acme", scope="organization", period="day", limit=2, organization=acme)
    ask(acme, 1, at=timezone.now().timestamp(), cost=1_500_000_000, attribution=Attribution(user="u1"))
    page = admin.get(PATH).content.decode()
    shown = texts(page.partition('id="budgets"')[2].partition("All budgets")[0])
    assert "All of Acme 2 USD per day" in shown
    assert "Cost today $1.50" in texts(page)


def test_an_empty_organization_is_told_what_to_do(admin):
    page = texts(admin.get(PATH).content.decode())
    for said in ("There is no key that works", "every model is allowed", "Nothing was asked yet"):
        assert said in page


@pytest.mark.usefixtures("costs_hidden")
def test_amounts_are_left_out_where_costs_are_not_shown(acme, admin):
    create_key(acme, "key")
    assert "$0" not in admin.get(PATH).content.decode()


def test_the_first_organization_is_to_be_added(db):
    page = session_of(make_person("root", is_staff=True, is_superuser=True)).get(PATH).content.decode()
    assert "There is no organization yet" in page
    assert "/admin/organizations/organization/add/" in page
