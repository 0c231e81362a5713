"""A real browser in front of pages, which keeps what went wrong on them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PICTURES = Path(__file__).parents[2] / "test-results"
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}
SIZES = {"desktop": DESKTOP, "phone": PHONE}
MANUAL = {"width": 1200, "height": 760}
"""Of pictures in the documents, which have the test's name for them and nothing behind it."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser that is there for a while."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


class Watched:
    """A page with everything that went wrong on it."""

    def __init__(self, page: Page, folder: str) -> None:
        """Watch a page; its pictures go to `test-results/<folder>`."""
        self.page = page
        self.complaints: list[str] = []
        self.expected: list[str] = []
        """Parts of complaints that a test asks for."""
        self.hosts: set[str] = set()
        self._folder = PICTURES / folder
        page.on("console", lambda message: message.type in {"error", "warning"} and self.complain(message.text))
        page.on("pageerror", lambda error: self.complain(str(error)))
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).hostname or ""))
        page.on(
            "response", lambda response: response.status >= 400 and self.complain(f"{response.status} {response.url}")
        )

    def complain(self, text: str) -> None:
        if not any(part in text for part in self.expected):
            self.complaints.append(text)

    @property
    def size(self) -> str:
        return "phone" if self.page.viewport_size == PHONE else "desktop"

    def picture(self, name: str, *, whole: bool = False) -> None:
        """Keep what is on the screen, or the whole page, as `<name>-<size>.png`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = name if self.page.viewport_size == MANUAL else f"{name}-{self.size}"
        self.page.screenshot(path=self._folder / f"{name}.png", full_page=whole)

    def fits(self) -> bool:
        """Whether nothing sticks out of the screen to the right."""
        assert self.page.viewport_size is not None
        return bool(self.page.evaluate("document.documentElement.scrollWidth") <= self.page.viewport_size["width"])


@contextmanager
def watching(browser: Browser, size: str, folder: str, *, session: Any = None) -> Iterator[Watched]:
    """A page of a size, `desktop`, `phone` or `manual`; at its end nothing may have gone wrong, or come from outside."""
    context = browser.new_context(storage_state=session, viewport={**SIZES, "manual": MANUAL}[size])
    context.set_default_timeout(10_000)
    watched = Watched(context.new_page(), folder)
    yield watched
    context.close()
    assert not watched.complaints, watched.complaints
    assert {"127.0.0.1"} >= watched.hosts


def sign_in(page: Page, address: str, name: str, password: str) -> None:
    """Sign in at the page that is there for everybody."""
    page.goto(f"{address}/account/login/")
    page.get_by_label("Username").fill(name)
    page.locator("input[name=password]").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="My account")).to_be_visible()
