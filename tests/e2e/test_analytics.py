"""The workflows of seeds 000 and 001 in a real browser: watch costs, find high spenders, reset, export, debug errors."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PASSWORD, serving
from tests.kit.browsing import CHROMIUM, SIZES, Watched, sign_in, watching

pytestmark = [
    pytest.mark.external,
    pytest.mark.xdist_group("browser: analytics"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]
PAGE = "/admin/ai-analytics/"
PAGES = ("", "users/", "system/", "requests/", "requests/?errors=1", "requests/?slow=1")
PROJECT = "https://smith.example/o/1/projects/p/2"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("analytics"), "fill_analytics.py", LANGSMITH_API_KEY="of-the-tests") as found:
        yield found


@pytest.fixture(scope="module")
def cookies(browser: Browser, address: str) -> Any:
    context = browser.new_context()
    sign_in(context.new_page(), address, "admin", PASSWORD)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(params=SIZES)
def seen(request: pytest.FixtureRequest, browser: Browser, cookies: Any) -> Iterator[Watched]:
    """A page of the operator, on a desktop and on a phone."""
    with watching(browser, request.param, "analytics", session=cookies) as page:
        yield page


def user_row(page: Page, name: str) -> Any:
    return page.locator("table tbody tr", has=page.get_by_role("link", name=name, exact=True))


@pytest.mark.parametrize("path", PAGES)
def test_a_page_renders_without_a_complaint_and_fits_the_screen(seen: Watched, address: str, path: str):
    seen.page.goto(address + PAGE + path)
    expect(seen.page.locator("#freshness")).to_be_visible()
    seen.picture(re.sub(r"\W+", "-", path).strip("-") or "overview", whole=True)
    assert seen.fits()
    levels = seen.page.eval_on_selector_all("#content h1, #content h2, #content h3", "all => all.map(e => e.tagName)")
    assert {"H2"} == set(levels), "headings stand in order below the page's title"


def test_daily_costs_are_watched_down_to_the_most_expensive_provider(seen: Watched, address: str):
    page = seen.page
    page.goto(f"{address}/admin/")
    page.locator("#content").get_by_role("link", name="AI Analytics Dashboard").click()
    expect(page.locator("#langsmith")).to_contain_text("Connected")
    expect(page.locator("#langsmith")).to_contain_text("allthrive-ai-gateway")
    first = page.locator("#by-provider tbody tr").first
    expect(first).to_contain_text("anthropic")
    expect(first).to_contain_text("$15.20")
    page.get_by_role("link", name="Total Cost").click()
    expect(page).to_have_url(re.compile(r"/costs\?days=7&groupBy=provider"))
    expect(page.get_by_text("anthropic").first).to_be_visible()
    page.goto(address + PAGE)
    page.locator("#by-provider").get_by_role("link", name="anthropic").click()
    expect(page.get_by_text("claude-opus").first).to_be_visible()


def test_high_spenders_are_found_and_lead_to_their_persons_pages(seen: Watched, address: str):
    page = seen.page
    page.goto(f"{address}{PAGE}users/")
    page.get_by_role("link", name="Warning (from 80%)").click()
    expect(page.get_by_role("link", name="over", exact=True)).to_have_count(0)
    # Which of the two is there yet depends on who was reset before: each size has a user of its own.
    name = f"near-{seen.size}"
    row = user_row(page, name)
    expect(row).to_contain_text("90.00 % of $5.00")
    expect(row).to_contain_text("Warning")
    expect(row.locator(".hg-bar").first).to_have_class(re.compile("hg-yellow"))
    seen.picture("warning")
    row.get_by_role("link", name=name, exact=True).click()
    expect(page).to_have_url(re.compile(r"/admin/organizations/user/[^/]+/change/"))
    expect(page.locator("input[name=email]")).to_have_value(f"{name}@example.com")


def test_spend_is_reset_with_a_reason_and_the_bar_goes(seen: Watched, address: str):
    page, name = seen.page, f"near-{seen.size}"
    page.goto(f"{address}{PAGE}users/?search={name}")
    user_row(page, name).get_by_role("link", name="Reset").click()
    seen.picture("reset")
    assert seen.fits()
    page.get_by_label("Reason").fill("A test ran wild.")
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_text(f"{name} starts anew in the budget")).to_have_count(2)
    row = user_row(page, name)
    expect(row).to_contain_text("0.00 % of $5.00")
    expect(row.locator(".hg-bar").first).to_have_class(re.compile("hg-green"))
    expect(row.get_by_text("OK", exact=True)).to_be_visible()
    seen.picture("after-reset")
    page.goto(f"{address}/admin/budgets/adjustment/")
    expect(page.get_by_text("A test ran wild.").first).to_be_attached()


def test_users_are_exported(seen: Watched, address: str, tmp_path: Path):
    seen.page.goto(f"{address}{PAGE}users/?status=exceeded")
    with seen.page.expect_download() as download:
        seen.page.get_by_role("link", name="Export to CSV").click()
    assert "users.csv" == download.value.suggested_filename
    path = tmp_path / "users.csv"
    download.value.save_as(path)
    text = path.read_text()
    assert text.startswith("Username,Daily Spend,Monthly Spend")
    assert [("over", "5", "Exceeded")] == [
        (row["Username"], row["Daily Spend"], row["Status"]) for row in csv.DictReader(text.splitlines())
    ]


def test_errors_are_followed_to_their_traces(seen: Watched, address: str):
    page = seen.page
    page.goto(address + PAGE)
    page.get_by_role("link", name="Error Rate").click()
    expect(page.get_by_role("heading", name="Errors")).to_be_visible()
    trace = page.get_by_role("link", name="View in LangSmith").first
    assert re.fullmatch(re.escape(PROJECT) + r"/r/[0-9a-f-]{36}\?poll=true", trace.get_attribute("href") or "")
    assert "noopener" in (trace.get_attribute("rel") or "")
    page.locator("table tbody th a").first.click()
    expect(page).to_have_url(re.compile(r"/admin/requestlog/requestlog/aigw_.*/change/"))
    expect(page.get_by_text("upstream_rejected").first).to_be_visible()


def test_usage_is_looked_at_per_hour_day_and_week(seen: Watched, address: str):
    page = seen.page
    page.goto(f"{address}{PAGE}system/")
    for name in ("hour", "week", "day"):
        page.get_by_role("link", name=f"Per {name}", exact=True).click()
        expect(page.get_by_text(f"Requests per {name}", exact=True)).to_be_visible()
    page.get_by_role("link", name="Slow Requests (over 5 s) 4").click()
    expect(page.get_by_role("heading", name="Slow Requests (over 5 s)")).to_be_visible()
    expect(page.locator("table tbody tr")).to_have_count(4)


@pytest.mark.parametrize("size", SIZES)
def test_somebody_is_made_staff_and_sees_the_dashboard(browser: Browser, cookies: Any, address: str, size: str):
    name = f"newcomer-{size}"
    with watching(browser, size, "analytics") as theirs:
        theirs.expected.append("403")
        sign_in(theirs.page, address, name, PASSWORD)
        theirs.page.goto(address + PAGE)
        expect(theirs.page.get_by_text("This is for administrators")).to_be_visible()
        with watching(browser, size, "analytics", session=cookies) as mine:
            mine.page.goto(f"{address}/admin/organizations/user/?q={name}")
            mine.page.get_by_role("link", name=name, exact=True).click()
            mine.page.locator("input[name=is_staff]").check()
            permissions = mine.page.locator("select[name=user_permissions]")
            option = permissions.locator("option", has_text="Can view the AI analytics of all organizations")
            permissions.select_option(option.get_attribute("value"))
            mine.page.get_by_role("button", name="Save", exact=True).click()
            expect(mine.page.get_by_text("was changed successfully")).to_be_visible()
        theirs.page.goto(f"{address}/admin/")
        theirs.page.locator("#content").get_by_role("link", name="AI Analytics Dashboard").click()
        expect(theirs.page.get_by_role("link", name="Total Cost")).to_be_visible()
        theirs.picture("as-newcomer")


def test_tables_are_reached_by_keyboard(seen: Watched, address: str):
    page = seen.page
    page.goto(f"{address}{PAGE}requests/")
    region = page.get_by_role("region", name="Requests")
    region.focus()
    assert "Requests" == page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.keyboard.press("Tab")
    assert "A" == page.evaluate("document.activeElement.tagName")
