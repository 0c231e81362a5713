"""Names in either spelling: Google's JSON takes `maxOutputTokens` and `max_output_tokens` alike."""

from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")


def camel_case(name: str) -> str:
    """`max_output_tokens` -> `maxOutputTokens`; a name that is so already, or begins with an underscore, stays."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest) if rest and first else name


def camel(fields: Mapping[str, T]) -> dict[str, T]:
    """The same object with every name in camel case."""
    return {camel_case(name): value for name, value in fields.items()}
