"""Writes the table of clients into docs/reference/clients.md: what each one does at which door, as its tests say.

Run after a change of a test's mark or of a client's version: PYTHONPATH=. .venv/bin/python scripts/list_clients.py
"""

import ast
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

import msgspec

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "clients.md"
CONFORMANCE = ROOT / "tests" / "conformance"
NODE_LOCK = CONFORMANCE / "node" / "package-lock.json"
IN_NODE = " (Node)"
"""How a mark calls a package of Node's registry, whose names others have too."""
BEGIN = "<!-- clients: written by scripts/list_clients.py -->\n"
END = "<!-- end of clients -->\n"


class Shown(NamedTuple):
    """What one test shows."""

    client: str
    door: str
    feature: str
    module: str


def shown() -> Iterator[Shown]:
    """Every `@client(...)` of the conformance tests, in the order of the files and of their lines.

    Raises:
        ValueError: a mark that is not on a test, or whose words are not literal: nothing would prove its row.
    """
    for path in sorted(CONFORMANCE.glob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = _constants(tree)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for mark in filter(_is_ours, node.decorator_list):
                    if not node.name.startswith("test_"):
                        raise ValueError(f"{path.name}: {node.name} is no test")
                    yield _read(mark, constants, path.name)


def table() -> str:
    """One row for each client and door."""
    features: dict[tuple[str, str], list[str]] = {}
    modules: dict[tuple[str, str], list[str]] = {}
    for one in shown():
        at = (one.client, one.door)
        _add(features.setdefault(at, []), one.feature)
        _add(modules.setdefault(at, []), one.module)
    rows = [
        [f"`{name}` {version_of(name)}", f"`{door}`", ", ".join(features[name, door]), _links(modules[name, door])]
        for name, door in sorted(features)
    ]
    lines = "".join(f"| {' | '.join(cells)} |\n" for cells in rows)
    return "| client | door | what it did | shown by |\n|---|---|---|---|\n" + lines


def version_of(client: str) -> str:
    """Which version is tested: the installed one, of Node's packages the locked one."""
    if not client.endswith(IN_NODE):
        return version(client)
    lock: dict[str, Any] = msgspec.json.decode(NODE_LOCK.read_bytes())
    return str(lock["packages"][f"node_modules/{client.removesuffix(IN_NODE)}"]["version"])


def rewritten(text: str) -> str:
    """The page's text with the table of now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + table() + END + after


def _is_ours(mark: ast.expr) -> TypeGuard[ast.Call]:
    return isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "client"


def _read(mark: ast.Call, constants: dict[str, str], module: str) -> Shown:
    words = {word.arg: _literal(word.value, constants) for word in mark.keywords}
    return Shown(_literal(mark.args[0], constants), words["door"], words["feature"], module)


def _constants(tree: ast.Module) -> dict[str, str]:
    """Names that a module gives to texts: the paths of doors."""
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _literal(node: ast.expr, constants: dict[str, str]) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Name) and node.id in constants:
        return constants[node.id]
    raise ValueError(f"a mark says {ast.unparse(node)}, which the page cannot read")


def _add(words: list[str], word: str) -> None:
    if word not in words:
        words.append(word)


def _links(modules: list[str]) -> str:
    return ", ".join(f"[{module}](../../tests/conformance/{module})" for module in modules)


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
