"""tests/unit mirrors src: whoever looks for the tests of a module finds them where the module is."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "headgate"

COVERED_ELSEWHERE: dict[str, str] = {}
"""Modules without a mirrored test -> the test file that covers them. A short list, and never a place to hide."""


def has_code(path: Path) -> bool:
    """Whether a module does anything: types, constants, protocols and special methods need no test of their own."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return any(does_something(function) for function in functions if not function.name.startswith("__"))


def does_something(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function has more than a docstring and an ellipsis, which is all that a protocol's method has."""
    return any(not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) for node in function.body)


def modules_with_code() -> list[str]:
    return sorted(
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if path.name not in {"__init__.py", "__main__.py"} and "migrations" not in path.parts and has_code(path)
    )


def mirrored_tests(module: str) -> list[Path]:
    """Where the tests of a module may be, all of them below its room's folder.

    `room/name.py` has test_name.py, or several files that begin so. A module of a folder inside a room,
    `room/part/name.py`, may share a test with the whole part (test_part.py, a codec) or with its likes in other parts
    (test_name.py, the admin of each Django app).
    """
    *rooms, name = Path(module).with_suffix("").parts
    stems = {"_".join(["test", *rooms[1:], name])} | {f"test_{part}" for part in (*rooms[1:], name)}
    folder = ROOT.joinpath("tests", "unit", *rooms[:1])
    return [path for path in folder.rglob("test_*.py") if any(f"{path.stem}_".startswith(f"{stem}_") for stem in stems)]


def test_there_are_modules_to_mirror():
    assert "domain/money.py" in modules_with_code()


@pytest.mark.parametrize("module", modules_with_code())
def test_every_module_has_a_mirrored_test(module: str):
    if module not in COVERED_ELSEWHERE:
        assert mirrored_tests(module), f"write tests/unit/{Path(module).parent}/test_{Path(module).name}"


def test_no_exception_is_stale():
    modules = modules_with_code()
    for module, covering in COVERED_ELSEWHERE.items():
        assert (ROOT / covering).is_file(), f"{covering} does not exist"
        assert module in modules, f"{module} does not exist, or needs no test"
        assert not mirrored_tests(module), f"{module} has a mirrored test by now: take it off the list"
