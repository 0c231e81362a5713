"""Every header that the gateway reads or writes is documented, and every documented one of ours exists."""

import ast
import re

from headgate.domain.principal import Attribution
from tests.docs.tree import ROOT

PAGE = (ROOT / "docs" / "reference" / "headers.md").read_text(encoding="utf-8")
ROOMS = ("server", "pipeline", "policy", "infra", "providers")
HEADER = re.compile(r"(?:x|anthropic|openai)-[a-z0-9-]*[a-z]|api-key|request-id|retry-after(?:-ms)?|idempotency-key")
NO_HEADERS = {"openai-chat", "anthropic-messages", "x-ai"}
TO_THE_PAGES = {"x-forwarded-for", "x-forwarded-proto"}
"""From a gateway to the console behind it: between our own processes."""


def in_source() -> set[str]:
    """Constants that look like a header, and what is put together out of parts."""
    names = {f"x-headgate-{name}" for name in Attribution.__struct_fields__}
    names |= {
        f"x-ratelimit-{figure}-{kind}" for figure in ("limit", "remaining", "reset") for kind in ("requests", "tokens")
    }
    for room in ROOMS:
        for path in (ROOT / "src" / "headgate" / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
                    value = node.value.decode("latin-1") if isinstance(node.value, bytes) else node.value
                    if HEADER.fullmatch(value):
                        names.add(value)
    return names - NO_HEADERS - TO_THE_PAGES


def documented() -> set[str]:
    rows = "\n".join(line for line in PAGE.splitlines() if "`" in line)
    return {name for name in re.findall(r"`([A-Za-z0-9-]+)`", rows) if HEADER.fullmatch(name.lower())}


def test_every_header_of_the_source_is_documented():
    assert set() == in_source() - {name.lower() for name in documented()}


def test_every_documented_header_is_one_of_the_source():
    assert set() == {name.lower() for name in documented()} - in_source()
