"""The admin pages in a real browser: they work, they load nothing from outside, and no script breaks a rule."""

import pytest
from playwright.sync_api import expect

from tests.kit.browsing import CHROMIUM, Watched
from tests.kit.browsing import PICTURES as ALL_PICTURES

pytestmark = [
    pytest.mark.external,
    pytest.mark.xdist_group("browser: admin"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]
PICTURES = ALL_PICTURES / "admin"
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
    "account": "/account/",
    "analytics": "/admin/ai-analytics/",
    "governance": "/admin/ai/",
    "costs": "/costs",
    "costs-by": "/costs?groupBy=userId,teamId,model&days=7",
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_renders_without_a_complaint_and_fits_the_screen(watched: Watched, console: str, name: str):
    page = watched.page
    page.goto(console + PAGES[name])
    expect(page.locator("#content")).to_be_visible()
    watched.picture(name, whole=True)
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
    watched.picture("request")
    page.screenshot(path=PICTURES / f"request-whole-{watched.size}.png", full_page=True)
    page.locator("table a").last.click()
    expect(page.get_by_text("openai/gpt-5-mini@always#0123")).to_be_visible()
    page.get_by_role("link", name="aigw_").last.click()
    expect(page.get_by_text("The provider refused the request.")).to_be_visible()


def test_filters_narrow_the_list(watched: Watched, console: str):
    page = watched.page
    page.goto(f"{console}/admin/requestlog/requestlog/")
    page.locator("a", has_text="Filters").first.click()
    page.locator("select[name=outcome__exact]").select_option("refused")
    watched.picture("filters")
    page.locator("#filter-form button[type=submit]").click()
    expect(page.locator("#result_list tbody tr.group, #result_list tbody tr")).to_have_count(1)
    expect(page.get_by_role("cell", name="claude-unknown")).to_be_visible()


def test_a_new_key_is_shown_once_and_can_be_copied(watched: Watched, console: str):
    page = watched.page
    page.goto(f"{console}/admin/keys/virtualkey/add/")
    page.locator("select[name=organization]").select_option(label="Demo")
    page.locator("input[name=name]").fill(f"From the {watched.size}")
    page.get_by_role("button", name="Save", exact=True).click()
    issued = page.locator("#issued-key")
    plain = issued.input_value()
    assert plain.startswith("sk-hg-")
    page.locator("#copy-key").click()
    expect(page.get_by_text("Copied", exact=True)).to_be_visible()
    watched.picture("issued-key")
    page.get_by_role("link", name="I have it").click()
    expect(page.get_by_text(f"From the {watched.size}").first).to_be_visible()
    assert plain not in page.content()
    assert plain[:12] in page.content()


def test_a_policy_that_blocks_a_model_is_listed_and_says_what_it_would_have_blocked(watched: Watched, console: str):
    page, name = watched.page, f"No minis on the {watched.size}"
    page.goto(f"{console}/admin/policies/policy/add/")
    page.locator("select[name=organization]").select_option(label="Demo")
    page.locator("input[name=name]").fill(name)
    page.locator("textarea[name=blocked_models]").fill("gpt-5-mini\ngpt-4*")
    page.locator("input[name=max_cost_per_day_eur]").fill("25")
    page.screenshot(path=PICTURES / f"policy-form-{watched.size}.png", full_page=True)
    page.get_by_role("button", name="Save", exact=True).click()
    row = page.locator("#result_list tbody tr", has_text=name)
    expect(row.get_by_text("all, not gpt-5-mini, gpt-4*")).to_be_visible()
    expect(row.get_by_text("25 EUR/day")).to_be_visible()
    watched.picture("policies")
    row.get_by_role("link").first.click()
    preview = page.locator("#policy-preview")
    expect(preview.get_by_text("What it would have blocked in the last 7 days")).to_be_visible()
    expect(preview.get_by_role("cell", name="blockedModels")).to_be_visible()
    expect(preview.get_by_role("cell", name="gpt-5-mini")).to_be_visible()
    preview.screenshot(path=PICTURES / f"policy-preview-{watched.size}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def test_a_budget_is_created_seen_and_reset(watched: Watched, console: str):
    page, name = watched.page, f"Search, from the {watched.size}"
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
    watched.picture("budgets")
    row.locator("input.action-select").check()
    page.locator("select[name=action]").select_option("reset")
    page.locator("button[name=index]").click()
    page.locator("textarea[name=reason]").fill("A new contract")
    watched.picture("budget-reason")
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_text("1 reset.")).to_be_visible()
    expect(page.locator("#result_list tr", has_text=name).locator("[data-share]")).to_have_count(0)
    page.goto(f"{console}/admin/budgets/budget/?q={name}")
    page.locator("#result_list a", has_text=name).first.click()
    expect(page.get_by_text("A new contract")).to_be_visible()
    watched.picture("budget")
    page.screenshot(path=PICTURES / f"budget-whole-{watched.size}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def test_a_request_says_where_it_was_sent_one_after_the_other(watched: Watched, console: str):
    page = watched.page
    page.goto(f"{console}/admin/requestlog/requestlog/")
    page.locator("#result_list tbody a").nth(1).click()
    attempts = page.locator(".mt-6", has_text="Attempts").first
    for text in ("upstream_failed", "529", "212 ms"):
        expect(attempts.get_by_text(text)).to_be_visible()
    expect(page.get_by_text("answers, arm new")).to_be_visible()
    attempts.screenshot(path=PICTURES / f"attempts-{watched.size}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def test_a_route_is_made_and_one_that_leads_nowhere_is_refused(watched: Watched, console: str):
    page, name = watched.page, f"fast-{watched.size}"
    page.goto(f"{console}/admin/routes/route/add/")
    page.locator("select[name=organization]").select_option(label="Demo")
    page.locator("input[name=name]").fill(name)
    page.locator("select[name=strategy]").select_option("weighted")
    page.locator("input[name=arms-0-model]").fill("mini-of-nobody")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("No deployment serves 'mini-of-nobody' here.")).to_be_visible()
    page.screenshot(path=PICTURES / f"route-refused-{watched.size}.png", full_page=True)
    page.locator("input[name=arms-0-model]").fill("answers-mini")
    page.locator("input[name=arms-0-weight]").fill("4")
    page.get_by_text("Add another Arm").click()
    page.locator("input[name=arms-1-model]").fill("claude-sonnet-4-5")
    page.get_by_role("button", name="Save", exact=True).click()
    row = page.locator("#result_list tbody tr", has_text=name)
    expect(row.get_by_text("answers-mini (4), claude-sonnet-4-5 (1)")).to_be_visible()
    watched.picture("routes")


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
    page.screenshot(path=PICTURES / f"route-{watched.size}.png", full_page=True)
    report.screenshot(path=PICTURES / f"route-report-{watched.size}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
