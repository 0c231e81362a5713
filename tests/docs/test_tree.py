"""What must not be in the repository: addresses of registries, paths of somebody's machine, unfinished work."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from tests.docs.tree import ROOT, files

# Put together here, so that this file does not hold what it looks for.
REGISTRIES = re.compile(
    "|".join(re.escape(name) for name in ("pypi" + ".org", "python" + "hosted.org", "npm" + "js.org"))
)
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:" + "home|Users|root|work|workspace|mnt" + r")/[\w.]")
UNFINISHED = re.compile(r"\b(?:TO" + "DO|FIX" + "ME|XX" + r"X)\b")


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    found: list[str] = []
    for path in files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.name}:{number}" for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)]
    return found


@pytest.mark.parametrize(
    ("pattern", "example"),
    [
        (REGISTRIES, "https://files.python" + "hosted.org/x"),
        (MACHINE_PATHS, 'open("' + "/ho" + 'me/somebody/file")'),
        (UNFINISHED, "# TO" + "DO later"),
    ],
    ids=["registries", "machine paths", "unfinished work"],
)
def test_no_file_names(pattern: re.Pattern[str], example: str):
    assert pattern.search(example)
    assert [] == lines_with(pattern)


def test_locks_pin_one_version_with_hashes_and_agree():
    root = Path(__file__).parents[2]
    pins = {
        name: dict(re.findall(r"^([\w.-]+)==(\S+)", (root / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    }
    assert pins["requirements.lock"].items() <= pins["requirements-dev.lock"].items()
    for name in pins:
        assert "--find-links" not in (root / name).read_text()
        text = (root / name).read_text().replace("\\\n", " ")
        assert [] == [line for line in text.splitlines() if "==" in line and "--hash=sha256:" not in line]


def test_locks_name_everything_that_the_project_asks_for():
    """A lock that was put back to an older state in a merge still agrees with the other: this is what tells."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    runtime = [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]
    development = [*runtime, *(line for line in project["dependency-groups"]["dev"] if isinstance(line, str))]
    for name, asked in (("requirements.lock", runtime), ("requirements-dev.lock", development)):
        pinned = set(re.findall(r"^([\w.-]+)==", (ROOT / name).read_text(), re.MULTILINE))
        assert set() == {re.match(r"[\w.-]+", line)[0].lower() for line in asked} - pinned, name


def test_the_lock_for_node_pins_with_hashes_and_names_no_address():
    packages = json.loads((ROOT / "tests" / "conformance" / "node" / "package-lock.json").read_text())["packages"]
    assert {"integrity"} == {name for one in packages.values() for name in one if name in {"integrity", "resolved"}}
    assert [] == [name for name, one in packages.items() if name and "integrity" not in one]
