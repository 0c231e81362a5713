"""Every door is in the README."""

from headgate.pipeline.doors import DOORS
from tests.docs.tree import ROOT


def test_the_readme_names_every_door():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [] == [path for path in DOORS if f"`{path}`" not in readme]
