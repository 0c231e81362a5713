"""Bodies of text completions: `prompt` is a text, several texts, a list of tokens, or several such lists."""

from collections.abc import Mapping
from typing import Final

import msgspec

from headgate.domain.formats import Format
from headgate.pricing.limits import believed_limit
from headgate.pricing.request_shape import RequestShape
from headgate.pricing.shapes.fields import integer, is_given, service_tiers
from headgate.providers.provider import Provider
from headgate.providers.surcharges import surcharge_of

_items: Final = msgspec.json.Decoder(list[msgspec.Raw])


def shape_of_completions(fields: Mapping[str, msgspec.Raw], body: bytes, provider: Provider) -> RequestShape:
    """Read the shape of a text completions body; see `shape.shape_of`.

    Every prompt gets `best_of` answers, of which `n` are shown and all are billed. An echoed prompt is counted as if it
    were written again.
    """
    limit = believed_limit(Format.OPENAI_COMPLETIONS, fields, provider)
    each = max(integer(fields, "n") or 1, integer(fields, "best_of") or 1)
    return RequestShape(
        body_bytes=len(body),
        max_output_tokens=provider.completion_tokens if limit is None else limit,
        choices=each * prompts_in(fields),
        surcharge_tokens=surcharge_of(provider.name).plain,
        predicted_tokens=len(body) * each if is_given(fields, "echo") else 0,
        service_tiers=service_tiers(Format.OPENAI_COMPLETIONS, fields, provider),
    )


def prompts_in(fields: Mapping[str, msgspec.Raw]) -> int:
    """How many prompts a body has: a list of tokens is one."""
    try:
        prompts = _items.decode(fields["prompt"])
    except (KeyError, msgspec.DecodeError):
        return 1
    several = [prompt for prompt in prompts if bytes(memoryview(prompt)[:1]) in (b'"', b"[")]
    return max(len(several), 1)
