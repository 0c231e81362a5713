"""Writes the table of providers into docs/reference/settings.md, between its two markers.

Run after a change of `headgate/providers`: PYTHONPATH=src .venv/bin/python scripts/list_providers.py
"""

from pathlib import Path

from headgate.providers.provider import Provider
from headgate.providers.table import PROVIDERS

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "settings.md"
BEGIN = "<!-- providers: written by scripts/list_providers.py -->\n"
END = "<!-- end of providers -->\n"


def row(provider: Provider) -> str:
    """One line of the table."""
    keys = ", ".join(f"`{name}`" for name in provider.key_variables + provider.bearer_variables)
    addresses = ", ".join(f"`{name}`" for name in provider.base_url_variables)
    return f"| {provider.title} | `{provider.name}/` | {keys} | {addresses} |"


def table() -> str:
    """The whole table, sorted by the provider's own name."""
    lines = ["| provider | models as | credential | address |", "|---|---|---|---|"]
    lines += [row(provider) for provider in sorted(PROVIDERS.values(), key=lambda provider: provider.title.lower())]
    return "\n".join(lines) + "\n"


def rewritten(page: str) -> str:
    """The page with the table of now."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + table() + END + after


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
