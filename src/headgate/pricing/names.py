"""Under which names a model may be found in the price book."""

import re
from collections.abc import Iterator
from typing import Final

FALLBACK_PROVIDERS: Final[dict[str, tuple[str, ...]]] = {
    "azure": ("openai", "anthropic", "deepseek", "x-ai", "moonshotai"),
    "google": ("anthropic",),
}
"""Operators that sell other makers' models at the makers' prices (source: genai-prices, `fallback_model_providers`)."""

_BEDROCKS_ARN: Final = re.compile(r"arn:[a-z-]+:bedrock:[^:]*:[^:]*:(?:inference-profile|foundation-model)/(.+)")
"""A profile of one's own (`application-inference-profile/`) has a name that says nothing of its model."""
_COMPACT_DATE: Final = re.compile(r"-(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")


def spellings(provider: str, model: str) -> Iterator[tuple[str, str]]:
    """(provider, model) pairs to look up, in order; model names in lower case.

    The name as it is; without the operator's own prefix or Google's `models/`; with a compact date (`-20251211`)
    written with dashes; then the same at the operators whose prices stand in.
    """
    provider, names = _routed(provider, model.lower())
    for place in (provider, *FALLBACK_PROVIDERS.get(provider, ())):
        for name in names:
            yield place, name


def _routed(provider: str, model: str) -> tuple[str, list[str]]:
    """Hugging Face's router takes the seller behind a colon: `<model>:<seller>`; Bedrock takes names in ARNs."""
    if provider == "huggingface" and ":" in model:
        model, _, seller = model.rpartition(":")
        provider = f"huggingface_{seller}"
    if provider == "aws" and (found := _BEDROCKS_ARN.fullmatch(model)) is not None:
        model = found[1]
    names = [model, model.removeprefix(f"{provider}/"), model.removeprefix("models/")]
    dated = (_COMPACT_DATE.sub(r"-\1-\2-\3", name) for name in names)
    return provider, list(dict.fromkeys([*names, *dated]))
