"""Globs over model names: compiled once, blind to letter case and to ways of writing the same character."""

import re
from collections.abc import Sequence
from fnmatch import translate
from unicodedata import normalize


class Globs:
    """A list of globs as one expression: `*` stands for anything, `?` for one character, `[ab]` for one of them."""

    __slots__ = ("_match",)

    def __init__(self, patterns: Sequence[str]) -> None:
        """Compile; an empty list matches nothing."""
        self._match = (
            re.compile("|".join(translate(folded(pattern)) for pattern in patterns)).match if patterns else None
        )

    def match(self, names: Sequence[str]) -> bool:
        """Whether one of the names, folded already, matches one of the globs whole."""
        match = self._match
        return match is not None and any(match(name) is not None for name in names)


def folded(name: str) -> str:
    """The form in which two spellings of one name are equal."""
    return normalize("NFKC", name).casefold()


def names_of(*models: str | None) -> tuple[str, ...]:
    """Every name that a rule may call a model by, folded: whole, and without each prefix that ends in a slash."""
    names: dict[str, None] = {}
    for model in models:
        name = folded(model or "")
        while name:
            names[name] = None
            name = name.partition("/")[2]
    return tuple(names)
