"""No file keeps what a merge that was not finished leaves behind."""

import re

from tests.docs.tree import ROOT

MARKER = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)
KINDS = {".py", ".md", ".css", ".js", ".html", ".json", ".toml", ".yml", ".sh"}


def test_no_file_holds_a_mark_of_a_conflict():
    folders = [ROOT / name for name in ("src", "docs", "specs", "scripts", "tests", "bench")]
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in KINDS and path.is_file()]
    assert len(files) > 100
    assert [] == [str(path.relative_to(ROOT)) for path in files if MARKER.search(path.read_text(encoding="utf-8"))]
