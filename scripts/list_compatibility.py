"""Writes the tables of docs/reference/compatibility.md: what of each door's format reaches which provider's.

Run after a change of a codec: PYTHONPATH=. .venv/bin/python scripts/list_compatibility.py
"""

from pathlib import Path

from headgate.domain.formats import Format
from headgate.pipeline.doors import DOORS
from tests.kit.compatibility import FEATURES, doors, provider_formats, verdict

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "compatibility.md"
BEGIN = "<!-- compatibility: written by scripts/list_compatibility.py -->\n"
END = "<!-- end of compatibility -->\n"


def tables() -> str:
    """One table for each door: a row per format of a provider, a column per feature."""
    return "\n".join(_table(door) for door in doors())


def _table(door: Format) -> str:
    paths = ", ".join(f"`{each.path}`" for each in DOORS.values() if each.format is door)
    head = f"### {paths}\n\n| provider's format | {' | '.join(FEATURES)} |\n|---|{'---|' * len(FEATURES)}\n"
    rows = (
        f"| `{provider.value}` | {' | '.join(verdict(door, provider, feature) for feature in FEATURES)} |\n"
        for provider in provider_formats()
    )
    return head + "".join(rows)


def rewritten(text: str) -> str:
    """The page's text with the tables of now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + tables() + END + after


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
