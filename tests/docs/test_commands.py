"""Every `make` command in the documents is a target that a bare `make` lists."""

import re
import subprocess

from tests.docs.tree import ROOT, documents

COMMAND = re.compile(r"(?:^|`)make ([a-z0-9]+)", re.MULTILINE)


def listed() -> set[str]:
    output = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, check=True).stdout
    return set(re.findall(r"^make (\S+)", output.decode(), re.MULTILINE))


def test_a_bare_make_lists_the_commands():
    assert {"serve", "test", "check", "fmt", "bench", "e2e", "docs", "pictures", "lock", "clean"} == listed()


def test_every_make_command_in_the_documents_exists():
    named = {name for document in documents() for name in COMMAND.findall(document.read_text(encoding="utf-8"))}
    assert {"serve", "test"} <= named
    assert set() == named - listed()
