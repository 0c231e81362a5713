"""The pictures of the reference: a whole gateway whose books hold three months of ten organizations.

`make pictures` puts what this test saw into `docs/images/`.
"""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.docs.tree import ROOT
from tests.kit.browsing import CHROMIUM, Watched, sign_in, watching
from tests.kit.environment import PASSWORD, clean_environment
from tests.kit.gateway import GatewayProcess

pytestmark = [
    pytest.mark.external,
    pytest.mark.xdist_group("browser: manual"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]
READER = f"""
from headgate.control.budgets.operations import create_budget
from headgate.control.organizations.models import Organization, User
first = Organization.objects.get(name="Organization 0")
create_budget(name="Each user", organization=first, scope="user", period="month", limit="0.055")
User.objects.create_superuser("reader", password={PASSWORD!r})
"""
PAGES = {
    "dashboard": ("/admin/ai-analytics/?days=30", "System Metrics"),
    "spenders": ("/admin/ai-analytics/users/?organization=Organization%200", "Username"),
    "system": ("/admin/ai-analytics/system/?days=30", "Latency"),
    "costs": ("/costs?days=30&groupBy=teamId,model&orgId={organization}", "Cost per day"),
    "governance": ("/admin/ai/", "Recent Requests"),
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("manual") / "data"
    events = [sys.executable, "-m", "bench.events", "--requests", "20000"]
    subprocess.run(events, cwd=ROOT, env=clean_environment(folder), check=True, stdout=subprocess.DEVNULL)
    with GatewayProcess(folder) as running:
        running.control(READER)
        yield running


@pytest.fixture(scope="module")
def reader(browser: Browser, gateway: GatewayProcess) -> Iterator[Watched]:
    with watching(browser, "manual", "manual") as watched:
        sign_in(watched.page, gateway.url, "reader", PASSWORD)
        yield watched


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_manual_is_full(gateway: GatewayProcess, reader: Watched, name: str) -> None:
    address, title = PAGES[name]
    (row,) = gateway.rows("SELECT id FROM headgate_organization WHERE name = ?", "Organization 0")
    reader.page.goto(gateway.url + address.format(organization=row["id"]))
    expect(reader.page.get_by_text(title).first).to_be_visible()
    expect(reader.page.get_by_text("No data")).to_have_count(0)
    reader.picture(name)
