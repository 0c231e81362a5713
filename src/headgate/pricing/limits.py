"""Which fields of a request bound its output, and which of them an operator obeys."""

from collections.abc import Mapping
from typing import Final

import msgspec

from headgate.domain.formats import Format
from headgate.pricing.shapes.fields import integer
from headgate.pricing.shapes.gemini_config import LIMIT, generation_config
from headgate.providers.provider import Provider, UsageQuirk

ALL_LIMITS: Final = ("max_output_tokens", "max_completion_tokens", "max_tokens")
"""Every field that bounds the output in some format."""
_OF_CHAT: Final = ("max_completion_tokens", "max_tokens")
"""The newer one first."""
_OF_FORMAT: Final[dict[Format, tuple[str, ...]]] = {
    Format.ANTHROPIC_MESSAGES: ("max_tokens",),
    Format.COHERE_CHAT: ("max_tokens",),
    Format.OPENAI_COMPLETIONS: ("max_tokens",),
    Format.OPENAI_IMAGES: (),
    Format.OPENAI_IMAGE_EDITS: (),
    Format.OPENAI_TRANSCRIPTIONS: (),
    Format.OPENAI_TRANSLATIONS: (),
    Format.OPENAI_SPEECH: (),
    Format.GEMINI: (LIMIT,),
    Format.OPENAI_RESPONSES: ("max_output_tokens",),
}
"""Where a format has one field, or none, whoever the operator is. Gemini's stands in its `generationConfig`."""


def limit_fields(format: Format, provider: Provider) -> tuple[str, ...]:  # noqa: A002 - the noun of the domain
    """Fields that bound the output in a request of this format to this operator, the preferred one first."""
    if format in _OF_FORMAT:
        return _OF_FORMAT[format]
    # A translated request gets the operator's own field from the codec.
    return provider.limit_fields if format in provider.paths else _OF_CHAT


def believed_limit(format: Format, fields: Mapping[str, msgspec.Raw], provider: Provider) -> int | None:  # noqa: A002 - the noun of the domain
    """The limit on the output of one choice that this operator obeys; None: none that it does."""
    if UsageQuirk.SEARCH_TOKENS_APART in provider.usage_quirks and b"deep-research" in bytes(fields.get("model", b"")):
        return None
    if format is Format.GEMINI:
        fields = generation_config(fields)
    # Some operators take 0 or -1 for "no limit".
    obeyed = limit_fields(format, provider)
    limits = [limit for name in obeyed if (limit := integer(fields, name)) is not None and limit > 0]
    return max(limits, default=None)
