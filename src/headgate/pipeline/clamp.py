"""A request with a lower limit on its output, where a budget pays for a shorter answer only.

What comes back is an intake as if the caller had written the lower limit: pricing, translation and what is sent all
read it from there.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from headgate.domain.formats import Format
from headgate.pipeline.intake import Intake
from headgate.pricing.afford import MIN_CLAMPED
from headgate.pricing.limits import ALL_LIMITS, believed_limit, limit_fields
from headgate.pricing.shapes.gemini_config import LIMIT, NAME, generation_config, thinking_budget
from headgate.providers.provider import Provider
from headgate.wire.spelling import camel_case

_encode: Final = msgspec.json.Encoder().encode
_count_decoder: Final = msgspec.json.Decoder(int | None)


class _Budget(msgspec.Struct):
    """How much a request wants to think: `thinking`, and OpenRouter's `reasoning`."""

    budget_tokens: int | None = None
    max_tokens: int | None = None


_budget_decoder: Final = msgspec.json.Decoder(_Budget | None)


def clamped(intake: Intake, format: Format, provider: Provider, max_tokens: int) -> Intake | None:  # noqa: A002 - the noun of the domain
    """Lower the limit on the output of each choice to at most `max_tokens`; a lower one of the caller's stays.

    The field is the caller's own where the operator obeys it, and the operator's where it does not or none was given.

    Args:
        intake: the request as it came.
        format: the door's.
        provider: who gets it.
        max_tokens: from `affordable_output`.

    Returns:
        None where it cannot be lowered: the operator obeys no limit here, or the request wants to think for so long
        that the limit would leave no room for an answer.
    """
    if format is Format.GEMINI:
        return _clamped_config(intake, provider, max_tokens)
    if max_tokens < _thinking_tokens(intake.fields) + MIN_CLAMPED:
        return None
    given = {name: _count(intake.fields[name]) for name in ALL_LIMITS if name in intake.fields}
    limit = min([max_tokens, *(count for count in given.values() if count is not None and count > 0)])
    obeyed = limit_fields(format, provider)
    if not obeyed:
        return None
    name = next((name for name in obeyed if given.get(name) is not None), obeyed[0])
    # Operators refuse two limits at once, so the other one goes; a limit that is not obeyed goes too.
    fields = {field: raw for field, raw in intake.fields.items() if field not in given or field == name}
    fields[name] = intake.fields[name] if given.get(name) == limit else msgspec.Raw(_encode(limit))
    if believed_limit(format, fields, provider) != limit:
        return None
    return msgspec.structs.replace(intake, fields=fields)


def _clamped_config(intake: Intake, provider: Provider, max_tokens: int) -> Intake | None:
    """The same for Gemini's format, whose one limit stands in `generationConfig`."""
    config = generation_config(intake.fields)
    if max_tokens < (thinking_budget(config) or 0) + MIN_CLAMPED:
        return None
    given = _count(config[LIMIT]) if LIMIT in config else None
    if given is not None and 0 < given <= max_tokens:
        return intake
    lowered = msgspec.Raw(_encode({**config, LIMIT: max_tokens}))
    fields = {field: raw for field, raw in intake.fields.items() if camel_case(field) != NAME} | {NAME: lowered}
    if believed_limit(Format.GEMINI, fields, provider) != max_tokens:
        return None
    return msgspec.structs.replace(intake, fields=fields)


def _thinking_tokens(fields: Mapping[str, msgspec.Raw]) -> int:
    """What the request sets aside for thinking: operators refuse a limit that is not above it."""
    wanted = 0
    for name in ("thinking", "reasoning"):
        if name in fields:
            try:
                budget = _budget_decoder.decode(fields[name]) or _Budget()
            except msgspec.DecodeError:
                continue
            wanted = max(wanted, budget.budget_tokens or 0, budget.max_tokens or 0)
    return wanted


def _count(raw: msgspec.Raw) -> int | None:
    try:
        return _count_decoder.decode(raw)
    except msgspec.DecodeError:
        return None
