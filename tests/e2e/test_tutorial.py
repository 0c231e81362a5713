"""The tutorial, as somebody who follows it does: its commands in a shell, its pages in a browser, and its pictures.

`make pictures` puts what this test saw into `docs/images/`.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.docs.tree import ROOT
from tests.kit.browsing import CHROMIUM, Watched, sign_in, watching
from tests.kit.environment import PASSWORD
from tests.kit.gateway import GatewayProcess, wait_until

pytestmark = [
    pytest.mark.external,
    pytest.mark.xdist_group("browser: tutorial"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]
PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8000"


def steps() -> list[tuple[str, str]]:
    """Each command of the tutorial, with what it promises; an empty string where it promises nothing."""
    blocks = re.findall(r"^```(sh|text)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    found: list[tuple[str, str]] = []
    for kind, text in blocks:
        found = [*found, (text, "")] if kind == "sh" else [*found[:-1], (found[-1][0], text)]
    return found


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayProcess]:
    with GatewayProcess(tmp_path / "data") as running:
        yield running


@pytest.fixture
def reader(browser: Browser, gateway: GatewayProcess) -> Iterator[Watched]:
    with watching(browser, "manual", "tutorial") as watched:
        sign_in(watched.page, gateway.url, "admin", PASSWORD)
        yield watched


def run(gateway: GatewayProcess, command: str) -> str:
    """What a command of the tutorial prints."""
    environ = {**os.environ, "HEADGATE_KEY": gateway.key}
    told = command.replace(ADDRESS, gateway.url)
    return subprocess.run(["bash", "-c", told], env=environ, capture_output=True, text=True, check=True).stdout


def check(said: str, promised: str) -> None:
    """Every line that is promised is there."""
    for line in promised.splitlines():
        assert line in said


def add_budget(watched: Watched, gateway: GatewayProcess) -> None:
    """Fill in the form as the tutorial says."""
    page = watched.page
    page.goto(f"{gateway.url}/admin/budgets/budget/add/")
    page.locator("select[name=organization]").select_option(label="Demo")
    page.locator("input[name=name]").fill("Search")
    page.locator("select[name=scope]").select_option("team")
    page.locator("input[name=subject]").fill("search")
    page.locator("select[name=period]").select_option("day")
    page.locator("input[name=limit]").fill("0.0003")
    watched.picture("tutorial-budget-form")
    page.get_by_role("button", name="Save", exact=True).click()


def bar_of_budget(page: Page, gateway: GatewayProcess) -> Any:
    """The bar of the budget on the page of budgets."""
    page.goto(f"{gateway.url}/admin/budgets/budget/?q=Search")
    return page.locator("#result_list tr", has_text="Search").locator("[data-share]")


def test_whoever_follows_the_tutorial_sees_what_it_says(gateway: GatewayProcess, reader: Watched) -> None:
    (first, headers), (costs, _), (quote, _), (six, statuses), (last, refusal) = steps()
    check(run(gateway, first), headers)
    wait_until(lambda: gateway.rows("SELECT 1 FROM headgate_request_log"), what="the books")
    reader.page.goto(f"{gateway.url}/admin/requestlog/requestlog/")
    expect(reader.page.locator("#result_list tbody tr", has_text="$0.00005593")).to_have_count(1)
    reader.picture("tutorial-requests")
    reader.page.locator("#result_list tbody a").first.click()
    expect(reader.page.get_by_text("Cost events").last).to_be_visible()
    assert '"values":{"userId":"ada","model":"sim/small"}' in run(gateway, costs)
    assert '"bound":{"cost_usd":0.000083875' in run(gateway, quote)
    add_budget(reader, gateway)
    expect(bar_of_budget(reader.page, gateway)).to_contain_text("18 %: $0.00005593 spent")
    assert statuses == run(gateway, six)
    check(run(gateway, last), refusal.strip())
    expect(bar_of_budget(reader.page, gateway)).to_contain_text("93 %: $0.00027965 spent, $0.00 held")
    reader.picture("tutorial-budget")
