"""Every link inside the repository leads somewhere."""

import re
from pathlib import Path

import pytest

from tests.docs.tree import ROOT, documents, files

LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def prose(document: Path) -> str:
    return FENCE.sub("", document.read_text(encoding="utf-8"))


def anchors(document: Path) -> set[str]:
    """Anchors as GitHub derives them from headings."""
    titles = HEADING.findall(prose(document))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken(document: Path) -> list[str]:
    found: list[str] = []
    for link in LINK.findall(prose(document)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            found.append(link)
    return found


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_inside_the_repository_resolve(document: Path):
    assert [] == broken(document)


def test_every_picture_is_there_and_shown_somewhere():
    shown = {
        (page.parent / name).resolve() for page in documents() for name in re.findall(r"!\[[^\]]+\]\(([^)\s]+)\)", prose(page))
    }
    assert shown == {path for path in files() if path.parent == ROOT / "docs" / "images"}


def test_every_page_is_in_the_index():
    index = ROOT / "docs" / "index.md"
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in LINK.findall(prose(index))}
    missing = [str(page.relative_to(ROOT)) for page in documents() if "docs" in page.parts and page not in linked]
    assert ["docs/index.md"] == missing


def test_the_checker_sees_a_broken_link_and_a_wrong_anchor(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text("# A title\n\n[ok](#a-title) [gone](gone.md) [wrong](#another)\n")
    assert ["gone.md", "#another"] == broken(page)
