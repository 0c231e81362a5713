"""Every door is in the README, and so is the endpoint that quotes."""

from headgate.pipeline.doors import DOORS
from headgate.server.quote import DOOR_HEADER, PATH
from tests.docs.tree import ROOT


def test_the_readme_names_every_door():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [] == [path for path in (*DOORS, PATH) if f"`{path}`" not in readme]


def test_the_page_about_quotes_names_every_door_that_it_takes():
    page = (ROOT / "docs" / "reference" / "quote.md").read_text(encoding="utf-8")
    assert [] == [name for name in (*DOORS, DOOR_HEADER) if f"`{name}`" not in page]
