"""How much to think, in the words of whose model answers."""

from typing import Final, NamedTuple

from headgate.domain.conversation import Conversation, Reasoning
from headgate.translate.anthropic_messages import render_thinking as claudes
from headgate.translate.bedrock_converse.model_families import Family

_EFFORTS: Final = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"}
_MEDIUM: Final = "medium"
_EFFORT_OF_BUDGET: Final = ((2_048, "low"), (8_192, "medium"))
_OFF: Final = {"type": "disabled"}


class HowToThink(NamedTuple):
    """What the model is told."""

    fields: dict[str, object]
    """For `additionalModelRequestFields`."""
    enabled: bool
    """It thinks in a way that takes no sampling knobs beside it."""


_NOTHING: Final = HowToThink({}, enabled=False)


def render_thinking(conversation: Conversation, family: Family, *, model: str, default_max_tokens: int) -> HowToThink:
    """What to say of thinking; nothing where the model must not, cannot, or always does."""
    reasoning = conversation.reasoning
    if reasoning is None:
        return _NOTHING
    match family:
        case Family.CLAUDE:
            most = conversation.max_output_tokens or default_max_tokens
            fields = claudes.render_thinking(conversation, model=model, max_tokens=most)
            return HowToThink(fields, enabled=fields.get("thinking", _OFF) != _OFF)
        case Family.NOVA_2:
            return _novas(reasoning, limited=conversation.max_output_tokens is not None)
        case Family.GPT_OSS | Family.QWEN if reasoning.enabled is not False:
            name = "reasoning_effort" if family is Family.GPT_OSS else "reasoning_config"
            return HowToThink({name: _effort(reasoning)}, enabled=False)
        case _:
            return _NOTHING


def _novas(reasoning: Reasoning, *, limited: bool) -> HowToThink:
    """Nova refuses its highest effort beside a limit, which must stand."""
    if reasoning.enabled is False:
        return HowToThink({"reasoningConfig": _OFF}, enabled=False)
    effort = _effort(reasoning)
    if effort == "high" and limited:
        effort = _MEDIUM
    return HowToThink({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": effort}}, enabled=True)


def _effort(reasoning: Reasoning) -> str:
    if reasoning.effort is not None:
        return _EFFORTS.get(reasoning.effort, _MEDIUM)
    if reasoning.budget_tokens is not None:
        return next((effort for most, effort in _EFFORT_OF_BUDGET if reasoning.budget_tokens <= most), "high")
    return _MEDIUM
