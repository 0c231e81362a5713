"""The admin pages in a real browser: they work, they load nothing from outside, and no script breaks a rule."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.conftest import CHROMIUM, PASSWORD

pytestmark = [
    pytest.mark.external,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]
PICTURES = Path(__file__).parents[2] / "test-results" / "admin"
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}
PAGES = {
    "overview": "/admin/",
    "requests": "/admin/requestlog/requestlog/",
    "cost-events": "/admin/ledger/costevent/",
    "keys": "/admin/keys/virtualkey/",
    "new-key": "/admin/keys/virtualkey/add/",
    "policies": "/admin/policies/policy/",
    "new-policy": "/admin/policies/policy/add/",
    "organizations": "/admin/organizations/organization/",
    "deployments": "/admin/deployments/deployment/",
    "routes": "/admin/routes/route/",
    "new-route": "/admin/routes/route/add/",
    "new-organization": "/admin/organizations/organization/add/",
    "new-deployment": "/admin/deployments/deployment/add/",
    "credentials": "/admin/deployments/providercredential/add/",
    "price-cards": "/admin/pricing/pricecard/",
    "new-price-card": "/admin/pricing/pricecard/add/",
    "budgets": "/admin/budgets/budget/",
    "new-budget": "/admin/budgets/budget/add/",
    "windows": "/admin/budgets/window/",
    "adjustments": "/admin/budgets/adjustment/",
    "exchange-rates": "/admin/currencies/exchangerate/",
    "new-exchange-rate": "/admin/currencies/exchangerate/add/",
    "users": "/admin/organizations/user/",
    "new-user": "/admin/organizations/user/add/",
    "new-team": "/admin/organizations/team/add/",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def session(browser: Browser, console: str):
    """Cookies of a signed-in admin, taken through the login page."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{console}/admin/")
    page.get_by_label("Username").fill("admin")
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Last 24 hours")).to_be_visible()
    state = context.storage_state()
    context.close()
    return state


class Watched:
    """A page with everything that went wrong on it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        page.on("console", lambda message: message.type in {"error", "warning"} and self.complain(message.text))
        page.on("pageerror", lambda error: self.complain(str(error)))
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).hostname or ""))
        page.on(
            "response", lambda response: response.status >= 400 and self.complain(f"{response.status} {response.url}")
        )

    def complain(self, text: str) -> None:
        self.complaints.append(text)

    def picture(self, name: str) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png")


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def watched(request: pytest.FixtureRequest, browser: Browser, session) -> Iterator[Watched]:
    context = browser.new_context(storage_state=session, viewport=request.param)
    context.set_default_timeout(10_000)
    watched = Watched(context.new_page())
    yield watched
    context.close()
    assert [] == watched.complaints
    assert {"127.0.0.1"} == watched.hosts


def size(watched: Watched) -> str:
    return "phone" if watched.page.viewport_size == PHONE else "desktop"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_renders_without_a_complaint_and_fits_the_screen(watched: Watched, console: str, name: str):
    page = watched.page
    page.goto(console + PAGES[name])
    expect(page.locator("#content")).to_be_visible()
    watched.picture(f"{name}-{size(watched)}")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def test_the_overview_sums_up_the_last_day(watched: Watched, console: str):
    watched.page.goto(f"{console}/admin/")
    expect(watched.page.get_by_text("31", exact=True)).to_be_visible()
    expect(watched.page.get_by_role("link", name="gpt-5-mini")).to_have_count(0)
    expect(watched.page.get_by_text("$0.0004615").first).to_be_visible()


def test_a_request_shows_its_cost_events(watched: Watched, console: str):
    page = watched.page
    page.goto(f"{console}/admin/requestlog/requestlog/?outcome__exact=rejected")
    page.locator("#result_list tbody a").first.click()
    expect(page.get_by_text("Cost events").last).to_be_visible()
    expect(page.get_by_text("The provider refused the request.")).to_be_visible()
    expect(page.get_by_text("would_block: Trial of search (allowedTasks).")).to_be_visible()
    expect(page.get_by_text("No data")).to_have_count(0)
    watched.picture(f"request-{size(watched)}")
    page.screenshot(path=PICTURES / f"request-whole-{size(watched)}.png", full_page=True)
    page.locator("table a").last.click()
    expect(page.get_by_text("openai/gpt-5-mini@always#0123")).to_be_visible()
    page.get_by_role("link", name="aigw_").last.click()
    expect(page.get_by_text("The provider refused the request.")).to_be_visible()


def test_filters_narrow_the_list(watched: Watched, console: str):
    page = watched.page
    page.goto(f"{console}/admin/requestlog/requestlog/")
    page.locator("a", has_text="Filters").first.click()
    page.locator("select[name=outcome__exact]").select_option("refused")
    watched.picture(f"filters-{size(watched)}")
    page.locator("#filter-form button[type=submit]").click()
    expect(page.locator("#result_list tbody tr.group, #result_list tbody tr")).to_have_count(1)
    expect(page.get_by_role("cell", name="claude-unknown")).to_be_visible()


def test_a_new_key_is_shown_once_and_can_be_copied(watched: Watched, console: str):
    page = watched.page
    page.goto(f"{console}/admin/keys/virtualkey/add/")
    page.locator("select[name=organization]").select_option(label="Demo")
    page.locator("input[name=name]").fill(f"From the {size(watched)}")
    page.get_by_role("button", name="Save", exact=True).click()
    issued = page.locator("#issued-key")
    plain = issued.input_value()
    assert plain.startswith("sk-hg-")
    page.locator("#copy-key").click()
    expect(page.get_by_text("Copied", exact=True)).to_be_visible()
    watched.picture(f"issued-key-{size(watched)}")
    page.get_by_role("link", name="I have it").click()
    expect(page.get_by_text(f"From the {size(watched)}").first).to_be_visible()
    assert plain not in page.content()
    assert plain[:12] in page.content()


def test_a_policy_that_blocks_a_model_is_listed_and_says_what_it_would_have_blocked(watched: Watched, console: str):
    page, name = watched.page, f"No minis on the {size(watched)}"
    page.goto(f"{console}/admin/policies/policy/add/")
    page.locator("select[name=organization]").select_option(label="Demo")
    page.locator("input[name=name]").fill(name)
    page.locator("textarea[name=blocked_models]").fill("gpt-5-mini\ngpt-4*")
    page.locator("input[name=max_cost_per_day_eur]").fill("25")
    page.screenshot(path=PICTURES / f"policy-form-{size(watched)}.png", full_page=True)
    page.get_by_role("button", name="Save", exact=True).click()
    row = page.locator("#result_list tbody tr", has_text=name)
    expect(row.get_by_text("all, not gpt-5-mini, gpt-4*")).to_be_visible()
    expect(row.get_by_text("25 EUR/day")).to_be_visible()
    watched.picture(f"policies-{size(watched)}")
    row.get_by_role("link").first.click()
    preview = page.locator("#policy-preview")
    expect(preview.get_by_text("What it would have blocked in the last 7 days")).to_be_visible()
    expect(preview.get_by_role("cell", name="blockedModels")).to_be_visible()
    expect(preview.get_by_role("cell", name="gpt-5-mini")).to_be_visible()
    preview.screenshot(path=PICTURES / f"policy-preview-{size(watched)}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def test_a_budget_is_created_seen_and_reset(watched: Watched, console: str):
    page, name = watched.page, f"Search, from the {size(watched)}"
    page.goto(f"{console}/admin/budgets/budget/add/")
    page.locator("select[name=organization]").select_option(label="Demo")
    page.locator("input[name=name]").fill(name)
    page.locator("select[name=scope]").select_option("team")
    page.locator("input[name=subject]").fill("search")
    page.locator("select[name=period]").select_option("total")
    page.locator("input[name=limit]").fill("0.02")
    page.locator("select[name=currency]").select_option("EUR")
    page.get_by_role("button", name="Save", exact=True).click()
    row = page.locator("#result_list tr", has_text=name)
    # It starts from what was posted before it was there.
    expect(row.locator("[data-share]")).to_contain_text("spent, $0.00 held")
    expect(row).to_contain_text("0.02 EUR")
    assert int(row.locator("[data-share]").get_attribute("data-share") or 0) > 100
    watched.picture(f"budgets-{size(watched)}")
    row.locator("input.action-select").check()
    page.locator("select[name=action]").select_option("reset")
    page.locator("button[name=index]").click()
    page.locator("textarea[name=reason]").fill("A new contract")
    watched.picture(f"budget-reason-{size(watched)}")
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_text("1 reset.")).to_be_visible()
    expect(page.locator("#result_list tr", has_text=name).locator("[data-share]")).to_have_count(0)
    page.goto(f"{console}/admin/budgets/budget/?q={name}")
    page.locator("#result_list a", has_text=name).first.click()
    expect(page.get_by_text("A new contract")).to_be_visible()
    watched.picture(f"budget-{size(watched)}")
    page.screenshot(path=PICTURES / f"budget-whole-{size(watched)}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def test_a_request_says_where_it_was_sent_one_after_the_other(watched: Watched, console: str):
    page = watched.page
    page.goto(f"{console}/admin/requestlog/requestlog/")
    page.locator("#result_list tbody a").nth(1).click()
    attempts = page.locator(".mt-6", has_text="Attempts").first
    for text in ("upstream_failed", "529", "212 ms"):
        expect(attempts.get_by_text(text)).to_be_visible()
    expect(page.get_by_text("answers, arm new")).to_be_visible()
    attempts.screenshot(path=PICTURES / f"attempts-{size(watched)}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def test_a_route_is_made_and_one_that_leads_nowhere_is_refused(watched: Watched, console: str):
    page, name = watched.page, f"fast-{size(watched)}"
    page.goto(f"{console}/admin/routes/route/add/")
    page.locator("select[name=organization]").select_option(label="Demo")
    page.locator("input[name=name]").fill(name)
    page.locator("select[name=strategy]").select_option("weighted")
    page.locator("input[name=arms-0-model]").fill("mini-of-nobody")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("No deployment serves 'mini-of-nobody' here.")).to_be_visible()
    page.screenshot(path=PICTURES / f"route-refused-{size(watched)}.png", full_page=True)
    page.locator("input[name=arms-0-model]").fill("answers-mini")
    page.locator("input[name=arms-0-weight]").fill("4")
    page.get_by_text("Add another Arm").click()
    page.locator("input[name=arms-1-model]").fill("claude-sonnet-4-5")
    page.get_by_role("button", name="Save", exact=True).click()
    row = page.locator("#result_list tbody tr", has_text=name)
    expect(row.get_by_text("answers-mini (4), claude-sonnet-4-5 (1)")).to_be_visible()
    watched.picture(f"routes-{size(watched)}")


def test_a_routes_page_reports_on_its_arms(watched: Watched, console: str):
    page = watched.page
    page.goto(f"{console}/admin/routes/route/?q=answers")
    page.locator("#result_list tbody a", has_text="answers").first.click()
    report = page.locator("#route-report")
    for text in ("mini", "new", "65.5%", "7 (36.8%)"):
        expect(report.get_by_text(text, exact=True)).to_be_visible()
    report.get_by_role("link", name="30 days").click()
    expect(report.get_by_text("30 days")).to_be_visible()
    expect(report.locator("strong")).to_have_text("30 days")
    page.screenshot(path=PICTURES / f"route-{size(watched)}.png", full_page=True)
    report.screenshot(path=PICTURES / f"route-report-{size(watched)}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
