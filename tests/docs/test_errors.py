"""Every code of an error that a client can get is documented, and every documented one can be raised."""

import ast
import re

from tests.docs.tree import ROOT

PAGE = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
NEVER_RENDERED = {"upstream_error"}
"""The tree's own default; every kind of upstream error has a code of its own."""


def raised() -> set[str]:
    """Codes given to errors by keyword, and those of classes; the simulator's are a provider's."""
    codes: set[str] = set()
    for path in (ROOT / "src" / "headgate").rglob("*.py"):
        if path.is_relative_to(ROOT / "src" / "headgate" / "simulator"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "code":
                codes |= _texts(node.value)
    tree = ast.parse((ROOT / "src" / "headgate" / "domain" / "errors.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and target.id == "code" and node.value is not None:
                codes |= _texts(node.value)
    return codes - NEVER_RENDERED


def _texts(value: ast.expr) -> set[str]:
    found = {node.value for node in ast.walk(value) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in found if re.fullmatch(r"[a-z]+(?:_[a-z0-9]+)+", text)}


def documented() -> set[str]:
    table = PAGE.partition("## Statuses of our own")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    return {code for row in rows for code in re.findall(r"`([a-z]+(?:_[a-z0-9]+)+)`", row.split("|")[2])}


def test_every_code_is_documented():
    assert set() == raised() - documented()


def test_every_documented_code_can_be_raised():
    elsewhere = {"internal_error", "policy_blocked"}  # constants: of `server/errors.py`, of `policy/verdicts.py`
    assert set() == documented() - raised() - elsewhere
