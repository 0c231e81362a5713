"""A budget is set on the page for developers, and fills while one looks: a real browser in front of a whole gateway."""

import re
from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.kit.browsing import CHROMIUM, Watched, sign_in, watching
from tests.kit.doors import wait_for_ingest
from tests.kit.environment import PASSWORD
from tests.kit.gateway import GatewayProcess

pytestmark = [
    pytest.mark.external,
    pytest.mark.xdist_group("browser: dev usage"),
    pytest.mark.timeout(180),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]

OTHERS_PASSWORD = "a-password-for-the-others"
PEOPLE = f"""
from decimal import Decimal
from headgate.control.budgets.operations import create_budget
from headgate.control.organizations.models import Organization, Role
from headgate.control.organizations.operations import create_user, set_membership
organization = Organization.objects.get()
for name, role, staff in (("boss", Role.ADMIN, True), ("mia", Role.MEMBER, False)):
    set_membership(create_user(name, "{OTHERS_PASSWORD}", staff=staff), organization, role)
create_budget(name="Daily tokens", organization=organization, scope="organization", period="day", unit="tokens", limit=5000)
"""
TAKE_AWAY = """
from headgate.control.budgets.models import Budget
from headgate.control.budgets.operations import retire
retire(Budget.objects.get(name="Daily tokens", retired_at=None))
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("dev") / "data"
    with GatewayProcess(folder, environ={"DEV_TOOLS_ENABLED": "true"}) as running:
        yield running


@pytest.fixture(params=["desktop", "phone"])
def live(request: pytest.FixtureRequest, browser: Browser, gateway: GatewayProcess) -> Iterator[Watched]:
    """The page, of the operator."""
    with watching(browser, request.param, "dev-usage") as watched:
        sign_in(watched.page, gateway.url, "admin", PASSWORD)
        watched.page.goto(f"{gateway.url}/dev/ai-usage")
        expect(watched.page.locator("#state")).to_have_text("Live: every two seconds.")
        yield watched


def ask(gateway: GatewayProcess) -> httpx2.Response:
    body = {"model": "sim/small", "max_tokens": 60, "messages": [{"role": "user", "content": "Hello there"}]}
    head = {"authorization": f"Bearer {gateway.key}"}
    return httpx2.post(f"{gateway.url}/v1/chat/completions", headers=head, json=body, timeout=30)


def save(page: Page, *, tokens: str = "", cost: str = "", soft: bool = False) -> None:
    page.get_by_label("Tokens", exact=True).fill(tokens)
    page.get_by_label("Cost", exact=True).fill(cost)
    page.get_by_label(re.compile("Critical tasks")).set_checked(soft)
    page.get_by_role("button", name="Save limits").click()


def test_a_budget_is_set_fills_warns_refuses_and_starts_anew(live: Watched, gateway: GatewayProcess):
    page, used = live.page, live.page.locator("#tokens-used")
    save(page, tokens="600")
    expect(page.locator("#budget-said")).to_have_text("Saved; it counts now.")
    page.get_by_label("Reason").fill("a fresh start")
    page.get_by_role("button", name="Reset today").click()
    expect(page.locator("#reset-said")).to_have_text(re.compile("Reset|nothing to reset"))
    expect(used).to_have_text("0 of 600")
    gateway.wait_for_revision(gateway.revision())

    spent = 0
    while (answer := ask(gateway)).status_code == 200:
        spent += answer.json()["usage"]["total_tokens"]
        # Without a reload.
        expect(used).to_have_text(f"{spent} of 600")
        if spent < 300:
            assert 0 == page.locator("#warnings p").count()
            live.picture("filling", whole=True)
    assert 429 == answer.status_code
    expect(page.locator("#warnings")).to_contain_text("Budget 'Daily tokens' refused the newest request")
    expect(page.locator("#warnings")).to_contain_text("Refused at")
    expect(page.locator("#tokens-bar")).to_have_class(re.compile("hg-red"))
    live.picture("exceeded", whole=True)
    assert live.fits()

    page.get_by_label("Reason").fill("a test")
    page.get_by_role("button", name="Reset today").click()
    expect(page.locator("#reset-said")).to_have_text("Reset: Daily tokens.")
    expect(used).to_have_text("0 of 600")
    expect(page.locator("#warnings p")).to_have_count(0)
    live.picture("reset", whole=True)
    gateway.wait_for_revision(gateway.revision())
    assert 200 == ask(gateway).status_code
    save(page)
    expect(page.locator("#tokens-note")).to_have_text("No limit.")


def test_a_warning_comes_from_eighty_per_cent(live: Watched, gateway: GatewayProcess):
    page = live.page
    spent = ask(gateway).json()["usage"]["total_tokens"]
    wait_for_ingest(gateway)
    expect(page.locator("#tokens-used")).not_to_have_text("0")
    told = httpx2.get(f"{gateway.url}/api/v1/ai/usage", headers={"authorization": f"Bearer {gateway.key}"}).json()
    assert told["tokens_used"] >= spent
    save(page, tokens=str(told["tokens_used"] * 10 // 9))
    expect(page.locator("#warnings")).to_contain_text("is nearly spent")
    expect(page.locator("#tokens-bar")).to_have_class(re.compile("hg-yellow"))
    live.picture("warning", whole=True)
    save(page)
    expect(page.locator("#warnings p")).to_have_count(0)


def test_an_organizations_admin_is_told_whose_limit_decides_and_a_member_sees_figures(
    browser: Browser, gateway: GatewayProcess
):
    gateway.control(PEOPLE)
    with watching(browser, "desktop", "dev-usage") as admin, watching(browser, "phone", "dev-usage") as member:
        sign_in(admin.page, gateway.url, "boss", OTHERS_PASSWORD)
        admin.page.goto(f"{gateway.url}/dev/ai-usage")
        save(admin.page, tokens="1000000")
        said = "Saved; it counts now. Tighter, and first to decide: Daily tokens."
        expect(admin.page.locator("#budget-said")).to_have_text(said)
        expect(admin.page.locator("#tokens-used")).to_contain_text("of 5,000")
        admin.picture("organization-admin", whole=True)
        save(admin.page)
        sign_in(member.page, gateway.url, "mia", OTHERS_PASSWORD)
        member.page.goto(f"{gateway.url}/dev/ai-usage")
        expect(member.page.locator("#tokens-used")).to_contain_text("of 5,000")
        expect(member.page.get_by_role("button", name=re.compile("Save|Reset"))).to_have_count(0)
        member.picture("member", whole=True)
        assert member.fits()
    gateway.control(TAKE_AWAY)


def test_what_is_wrong_is_said_at_its_field_and_the_focus_goes_there(live: Watched):
    page = live.page
    live.expected += ["400"]
    save(page, cost="-1")
    field = page.get_by_label("Cost", exact=True)
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#daily_cost_limit-wrong")).to_have_text(re.compile("^Give 0 or more"))
    live.picture("wrong", whole=True)
    save(page, cost="2.5")
    expect(page.locator("#daily_cost_limit-wrong")).to_be_hidden()
    expect(page.locator("#cost-used")).to_contain_text("of $2.5")
    page.get_by_role("button", name="Reset today").click()
    expect(page.get_by_label("Reason")).to_be_focused()
    save(page)
    expect(page.locator("#cost-note")).to_contain_text("No limit.")


def test_figures_that_do_not_come_are_said_to_be_old_and_come_back(live: Watched):
    page = live.page
    live.expected += ["ERR_FAILED"]
    page.route("**/api/v1/ai/usage*", lambda route: route.abort())
    expect(page.locator("#state")).to_contain_text(
        "The console does not answer; it is asked again. The figures are old."
    )
    expect(page.locator("#figures")).to_have_class(re.compile("hg-stale"))
    live.picture("stale")
    page.unroute("**/api/v1/ai/usage*")
    expect(page.locator("#state")).to_have_text("Live: every two seconds.")


def test_whose_session_is_over_is_led_back(live: Watched):
    page = live.page
    live.expected += ["401"]
    page.context.clear_cookies()
    page.get_by_role("link", name="Sign in again").click()
    expect(page).to_have_url(re.compile(r"/account/login/\?next=/dev/ai-usage$"))


def test_nothing_is_asked_while_nobody_looks(live: Watched):
    page = live.page
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#state")).to_have_text("Paused while nobody looks.")
    page.evaluate("Object.defineProperty(document, 'hidden', {value: false, configurable: true})")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#state")).to_have_text("Live: every two seconds.")
