"""Writes the tables of providers into docs/reference: their variables, and what each of them speaks.

Run after a change of `headgate/providers`: PYTHONPATH=src .venv/bin/python scripts/list_providers.py
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from headgate.providers.provider import Auth, Provider
from headgate.providers.table import PROVIDERS

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
BEGIN = "<!-- providers: written by scripts/list_providers.py -->\n"
END = "<!-- end of providers -->\n"


def variables(provider: Provider) -> list[str]:
    """Which environment variables set it up."""
    named = tuple(name for names in provider.address_variables for name in names)
    addresses = named + provider.base_url_variables + provider.version_variables
    return [
        provider.title,
        f"`{provider.name}/`",
        _code(provider.key_variables + provider.bearer_variables + provider.signer_variables),
        _code(addresses),
    ]


def capabilities(provider: Provider) -> list[str]:
    """What it speaks."""
    versioned = _code(sorted(provider.versioned_paths.keys() - provider.paths.keys()))
    return [
        f"{provider.title} (`{provider.name}`)",
        _code(sorted(provider.paths)) + (f"; with an API version also {versioned}" if versioned else ""),
        "none" if provider.auth is Auth.NONE else f"`{provider.auth.value}`",
        _code(sorted(provider.native_batch)),
        _code(f"{prefix}*" for prefix in provider.model_prefixes),
    ]


PAGES: dict[str, tuple[list[str], Callable[[Provider], list[str]]]] = {
    "settings.md": (["provider", "models as", "credential", "address, API version"], variables),
    "providers.md": (["provider", "formats", "credential's header", "batches of", "bare names"], capabilities),
}


def table(page: str) -> str:
    """The whole table of a page, sorted by the provider's own name."""
    headers, row = PAGES[page]
    known = sorted(PROVIDERS.values(), key=lambda provider: provider.title.lower())
    rows = "".join(f"| {' | '.join(cells)} |\n" for cells in map(row, known))
    return f"| {' | '.join(headers)} |\n|{'---|' * len(headers)}\n{rows}"


def rewritten(page: str, text: str) -> str:
    """The page's text with the table of now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + table(page) + END + after


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    for name in PAGES:
        path = REFERENCE / name
        path.write_text(rewritten(name, path.read_text(encoding="utf-8")), encoding="utf-8")
