"""What seed 004 has people do, in a real browser in front of a whole gateway: each on a desktop and on a phone."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.kit.browsing import CHROMIUM, SIZES, Watched, sign_in, watching
from tests.kit.environment import PASSWORD
from tests.kit.gateway import GatewayProcess, wait_until

pytestmark = [
    pytest.mark.external,
    pytest.mark.xdist_group("browser: governance"),
    pytest.mark.timeout(180),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]
FOLDER = "governance"
MEMBERS = "a-phrase-of-the-members"
MAKE = """
from headgate.control.keys.operations import create_key
from headgate.control.organizations.models import Organization, Role
from headgate.control.organizations.operations import create_user, save_organization, set_membership
from headgate.control.deployments.models import Deployment
from headgate.control.deployments.operations import save_deployment
save_deployment(Deployment(name="gpt-4", provider="sim", model="small"))
for size in {sizes!r}:
    organization = Organization(name=f"Shop on the {{size}}")
    save_organization(organization)
    create_key(organization, "Checkout", plain=f"sk-hg-the-key-of-the-checkout-{{size}}")
    save_organization(Organization(name=f"New on the {{size}}", enabled=False))
    for name, role in (("ada", Role.MEMBER), ("boss", Role.ADMIN)):
        set_membership(create_user(f"{{name}}-{{size}}", {password!r}), organization, role)
"""


class Place(NamedTuple):
    """A browser of a size, and the organization that is governed with it."""

    watched: Watched
    organization: str
    key: str
    """Of a program of it."""

    @property
    def page(self) -> Page:
        return self.watched.page


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with GatewayProcess(tmp_path_factory.mktemp("governance") / "data") as running:
        running.control(MAKE.format(sizes=list(SIZES), password=MEMBERS))
        running.wait_for_revision(running.revision())
        yield running


@pytest.fixture(scope="module")
def operator(browser: Browser, gateway: GatewayProcess) -> Any:
    """Cookies of the operator."""
    context = browser.new_context()
    sign_in(context.new_page(), gateway.url, "admin", PASSWORD)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(params=SIZES)
def place(request: pytest.FixtureRequest, browser: Browser, gateway: GatewayProcess, operator: Any) -> Iterator[Place]:
    """The operator's browser."""
    size = request.param
    with watching(browser, size, FOLDER, session=operator) as watched:
        watched.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield Place(watched, f"Shop on the {size}", f"sk-hg-the-key-of-the-checkout-{size}")


def ask(gateway: GatewayProcess, key: str, **changes: Any) -> httpx2.Response:
    """The seed's example, by a program."""
    body = {"model": "sim/small", "prompt": "Say hello", "maxTokens": 40, **changes}
    head = {"authorization": f"Bearer {key}"}
    return httpx2.post(f"{gateway.url}/api/ai/request", headers=head, json=body, timeout=30)


def ask_from_page(page: Page) -> dict[str, Any]:
    """The seed's example, by a script of a page with its session."""
    script = """async () => {
      const token = document.cookie.match(/headgate_csrf=([^;]+)/)[1];
      const body = JSON.stringify({model: "sim/small", prompt: "Say hello", maxTokens: 40});
      const headers = {"content-type": "application/json", "x-csrftoken": token};
      const answer = await fetch("/api/ai/request", {method: "POST", body, headers});
      return {status: answer.status, ...await answer.json()};
    }"""
    found: dict[str, Any] = page.evaluate(script)
    return found


def open_gateway_of(page: Page, gateway: GatewayProcess, organization: str) -> None:
    """The governance page of one of the operator's organizations."""
    page.goto(f"{gateway.url}/admin/ai")
    page.get_by_label("Organization", exact=True).select_option(label=organization)
    expect(page.locator("#gateway")).to_contain_text(f"for {organization}")


def reload_until_there(page: Page, part: str, text: str) -> None:
    """Look again until the books have it."""

    def there() -> bool:
        page.reload()
        return text in page.locator(part).inner_text()

    wait_until(there, what=f"{text!r} on the page")


def test_a_user_is_made_staff_and_governs_his_organization(place: Place, gateway: GatewayProcess, browser: Browser):
    page, name = place.page, f"boss-{place.watched.size}"
    page.goto(f"{gateway.url}/admin/organizations/user/?q={name}")
    page.locator("#result_list a", has_text=name).first.click()
    page.get_by_label("Staff status").check()
    place.watched.picture("make-staff")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    with watching(browser, place.watched.size, FOLDER) as boss:
        sign_in(boss.page, gateway.url, name, MEMBERS)
        boss.page.goto(f"{gateway.url}/admin/ai")
        expect(boss.page.locator("#gateway")).to_contain_text(f"on for {place.organization}")
        expect(boss.page.get_by_role("link", name="Switch off")).to_have_count(0)


def test_the_gateway_is_switched_on_for_an_organization(place: Place, gateway: GatewayProcess):
    page, organization = place.page, f"New on the {place.watched.size}"
    open_gateway_of(page, gateway, organization)
    page.get_by_role("link", name="Create Key").click()
    page.locator("input[name=name]").fill("First")
    page.get_by_role("button", name="Save", exact=True).click()
    key = page.locator("#issued-key").input_value()
    refused = wait_until(lambda: _answered(ask(gateway, key), 403), what="a key that is known")
    assert "switched off for this organisation" in refused.json()["error"]
    page.goto(f"{gateway.url}/admin/ai")
    expect(page.locator("#gateway")).to_contain_text("off")
    place.watched.picture("gateway-off")
    page.get_by_role("link", name="Switch on").click()
    place.watched.picture("switch-on")
    page.get_by_role("button", name="Switch the gateway on").click()
    expect(page.get_by_text(f"The gateway of {organization} is on")).to_be_visible()
    wait_until(lambda: _answered(ask(gateway, key), 200), what="the gateway to be on")
    page.goto(f"{gateway.url}/admin/audit/auditentry/")
    expect(page.locator("#result_list")).to_contain_text(organization)


def _answered(answer: httpx2.Response, status: int) -> httpx2.Response | None:
    return answer if answer.status_code == status else None


def test_a_key_is_created_copied_used_and_revoked(place: Place, gateway: GatewayProcess):
    page = place.page
    open_gateway_of(page, gateway, place.organization)
    page.get_by_role("link", name="Create Key").click()
    page.locator("input[name=name]").fill("Search service")
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator("#copy-key").click()
    expect(page.get_by_text("Copied", exact=True)).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    answer = wait_until(lambda: _answered(ask(gateway, copied), 200), what="an answer")
    assert answer.json()["content"]
    page.goto(f"{gateway.url}/admin/ai?keys=used")
    reload_until_there(page, "#keys", "1 request, last on")
    assert copied not in page.content()
    place.watched.picture("keys", whole=True)
    assert place.watched.fits()
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Revoke Search service").click()
    expect(page.get_by_text("Search service is revoked")).to_be_visible()
    wait_until(lambda: _answered(ask(gateway, copied), 401), what="the key to be gone")


def test_a_model_is_blocked_and_the_block_is_seen(place: Place, gateway: GatewayProcess):
    page = place.page
    open_gateway_of(page, gateway, place.organization)
    page.get_by_role("link", name="Add policy").click()
    page.locator("input[name=name]").fill("Production Policy")
    page.locator("textarea[name=blocked_models]").fill("gpt-4\no1-preview")
    page.locator("input[name=max_cost_per_day_eur]").fill("50.00")
    page.locator("input[name=max_tokens_per_request]").fill("5000")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()
    refused = wait_until(lambda: _blocked(ask(gateway, place.key, model="gpt-4")), what="the block")
    assert 'Model gpt-4 is blocked by policy "Production Policy"' == refused.json()["error"]
    assert refused.json()["success"] is False
    page.goto(f"{gateway.url}/admin/ai")
    reload_until_there(page, "#requests", "blocked: Production Policy: blockedModels")
    expect(page.locator("#policies")).to_contain_text("50 EUR")
    place.watched.picture("governance", whole=True)
    assert place.watched.fits()
    row = page.locator("#requests tbody tr", has_text="Production Policy").first
    expect(row).to_contain_text("gpt-4")
    row.get_by_role("link").first.click()
    expect(page.get_by_text('Model gpt-4 is blocked by policy "Production Policy"').first).to_be_visible()
    place.watched.picture("blocked-request", whole=True)


def _blocked(answer: httpx2.Response) -> httpx2.Response | None:
    return answer if answer.status_code == 403 and "blocked by policy" in answer.text else None


def test_a_member_makes_a_key_and_sees_what_he_spends(place: Place, gateway: GatewayProcess, browser: Browser):
    name = f"ada-{place.watched.size}"
    with watching(browser, place.watched.size, FOLDER) as watched:
        page = watched.page
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        sign_in(page, gateway.url, name, MEMBERS)
        before = page.locator("#limits").inner_text()
        page.get_by_label("Name of a new key").fill("My laptop")
        page.get_by_role("button", name="Create key").click()
        page.locator("#copy-key").click()
        expect(page.get_by_text("Copied", exact=True)).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        watched.picture("own-key")
        body = {"model": "sim/large", "maxTokens": 400, "userId": "somebody-else"}
        answer = wait_until(lambda: _answered(ask(gateway, copied, **body), 200), what="an answer")
        event = gateway.cost_event(answer.json()["requestId"])
        assert name == event["end_user"]
        page.get_by_role("link", name="I have it").click()
        reload_until_there(page, "body", "sim/large")
        expect(page.locator("#limits")).not_to_have_text(before)
        watched.picture("account", whole=True)
        assert watched.fits()
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Revoke My laptop").click()
        expect(page.get_by_text("My laptop is revoked")).to_be_visible()
        wait_until(lambda: _answered(ask(gateway, copied), 401), what="the key to be gone")


def test_a_session_charges_the_organization_that_was_switched_to_or_nobody(place: Place, gateway: GatewayProcess):
    page = place.page
    place.watched.expected.append("/api/ai/request")
    place.watched.expected.append("403 (Forbidden)")
    page.goto(f"{gateway.url}/account/")
    page.get_by_label("Organization", exact=True).select_option(label=place.organization)
    expect(page.get_by_text(f"You are not a member of {place.organization}")).to_be_visible()
    place.watched.picture("no-member")
    refused = ask_from_page(page)
    assert (403, "not_a_member") == (refused["status"], refused["code"])
    assert "switch to one of your own at /account/" in refused["error"]
    page.get_by_label("Organization", exact=True).select_option(label="Demo")
    expect(page.get_by_text("You are not a member")).to_have_count(0)
    answered = ask_from_page(page)
    assert 200 == answered["status"]
    demo = gateway.rows("SELECT id FROM headgate_organization WHERE name = ?", "Demo")[0]["id"]
    assert demo == gateway.cost_event(answered["requestId"])["organization_id"]


def test_costs_are_found_by_a_team_and_looked_into(place: Place, gateway: GatewayProcess):
    page = place.page
    for team, model in (("search", "sim/small"), ("search", "sim/large"), ("ads", "sim/small")):
        answer = ask(gateway, place.key, model=model, teamId=f"{team}-{place.watched.size}")
        gateway.cost_event(answer.json()["requestId"])
    page.goto(f"{gateway.url}/costs?source=AI&groupBy=teamId,model")
    table = page.locator("#costs")
    expect(table).to_contain_text("sim/large")
    place.watched.picture("costs", whole=True)
    assert place.watched.fits()
    table.get_by_role("link", name=f"search-{place.watched.size}").first.click()
    expect(page.get_by_label("Remove the filter teamId")).to_be_visible()
    expect(table).not_to_contain_text(f"ads-{place.watched.size}")
    page.get_by_label("Group by", exact=True).select_option("userId")
    page.get_by_label("Last days", exact=True).fill("7")
    page.get_by_role("button", name="Show costs").click()
    expect(table.locator("thead")).to_contain_text("User")
    assert f"teamId=search-{place.watched.size}" in page.url
    page.get_by_label("Remove the filter teamId").click()
    expect(page.get_by_label("Remove the filter teamId")).to_have_count(0)
    place.watched.expected.append("400")
    page.goto(f"{gateway.url}/costs?days=400&teamId=search")
    expect(page.get_by_role("alert")).to_contain_text("days: Input should be less than or equal to 366")
    expect(page.get_by_label("Last days")).to_have_value("400")
    place.watched.picture("costs-refused")
