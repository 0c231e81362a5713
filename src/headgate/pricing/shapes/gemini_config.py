"""`generationConfig` of Gemini's format, as far as its cost depends on it. Names come in either spelling."""

from collections.abc import Mapping
from typing import Final

import msgspec

from headgate.pricing.shapes.fields import integer
from headgate.wire.spelling import camel

NAME: Final = "generationConfig"
LIMIT: Final = "maxOutputTokens"
"""The one field that bounds the output, thoughts included."""
_THINKING: Final = "thinkingConfig"
_NO_BUDGET: Final = msgspec.Raw(b"0")

_object_decoder: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_modalities_decoder: Final = msgspec.json.Decoder(list[str])


def generation_config(fields: Mapping[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
    """The object, in camel case; empty where there is none that can be read."""
    return _member(camel(fields), NAME)


def thinking_budget(config: Mapping[str, msgspec.Raw]) -> int | None:
    """Tokens that the request sets aside for thinking; None: it leaves that to the model."""
    return integer(_member(config, _THINKING), "thinkingBudget")


def asks_to_think(config: Mapping[str, msgspec.Raw]) -> bool | None:
    """Whether the model is asked to think, or asked not to; None: nothing is said."""
    thinking = _member(config, _THINKING)
    if bytes(thinking.get("thinkingBudget", b"")) == bytes(_NO_BUDGET):
        return False
    return True if thinking else None


def more_than_text(config: Mapping[str, msgspec.Raw]) -> bool:
    """Whether something else than text may come out."""
    raw = config.get("responseModalities")
    try:
        modalities = _modalities_decoder.decode(raw) if raw is not None and bytes(raw) != b"null" else []
    except msgspec.DecodeError:
        return True
    return any(modality.upper() != "TEXT" for modality in modalities) or not _OTHER_OUTPUT.isdisjoint(config)


_OTHER_OUTPUT: Final = frozenset({"speechConfig", "imageConfig"})


def _member(fields: Mapping[str, msgspec.Raw], name: str) -> dict[str, msgspec.Raw]:
    raw = fields.get(name)
    if raw is None or bytes(raw) == b"null":
        return {}
    try:
        return camel(_object_decoder.decode(raw))
    except msgspec.DecodeError:
        return {}
