"""Every environment variable that the source reads is documented, and every documented one is read."""

import ast
import re
import sys

import pytest

from headgate.providers.table import PROVIDERS
from tests.docs.tree import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
from list_providers import PAGES, REFERENCE, rewritten

OURS = re.compile(r"(?:HEADGATE|AI|LANGSMITH|OTEL)_[A-Z0-9_]+|(?:DATABASE|REDIS)_URL|DEV_TOOLS_ENABLED")
PAGE = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
FOR_TESTS = {"HEADGATE_SHARED", "HEADGATE_TEST_SKIPS"}


def read_by_the_source() -> set[str]:
    names: set[str] = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and OURS.fullmatch(node.value):
                names.add(node.value)
    return names


def read_by_providers() -> set[str]:
    return {
        name
        for provider in PROVIDERS.values()
        for name in (
            *provider.key_variables,
            *provider.bearer_variables,
            *provider.signer_variables,
            *provider.base_url_variables,
            *(name for names in provider.address_variables for name in names),
            *provider.version_variables,
        )
    }


def documented() -> set[str]:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ")]
    return {name for row in rows for name in re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+)`", row)}


def test_the_page_lists_what_is_read():
    assert read_by_the_source() | read_by_providers() | FOR_TESTS == documented()


def test_the_example_file_lists_what_is_read():
    assert read_by_the_source() | read_by_providers() == set(re.findall(r"^#?([A-Z0-9_]+)=", EXAMPLE, re.MULTILINE))


@pytest.mark.parametrize("name", PAGES)
def test_the_tables_of_providers_are_those_of_the_source(name: str):
    text = (REFERENCE / name).read_text(encoding="utf-8")
    assert rewritten(name, text) == text
