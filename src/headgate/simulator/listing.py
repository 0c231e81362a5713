"""Renders the model list in both formats; Anthropic's callers are known by their version header."""

import msgspec

from headgate.simulator.models import MODELS, Kind, Model, find_model
from headgate.simulator.refusals import Refusal


def render_models(*, for_anthropic: bool) -> bytes:
    """All models; Anthropic's list has only those that chat, newest first."""
    if not for_anthropic:
        return msgspec.json.encode({"object": "list", "data": [_openai(model) for model in MODELS.values()]})
    chat = [_anthropic(model) for model in reversed(MODELS.values()) if model.kind is Kind.CHAT]
    return msgspec.json.encode({"data": chat, "has_more": False, "first_id": chat[0]["id"], "last_id": chat[-1]["id"]})


def render_model(name: str, *, for_anthropic: bool) -> bytes:
    """One model.

    Raises:
        Refusal: 404, there is none of that name.
    """
    model = find_model(name)
    if model is None or (for_anthropic and model.kind is not Kind.CHAT):
        raise Refusal(404, f"No model is called '{name}'.", param="model", code="model_not_found", model=name)
    return msgspec.json.encode(_anthropic(model) if for_anthropic else _openai(model))


def _openai(model: Model) -> dict[str, object]:
    return {
        "id": model.id,
        "object": "model",
        "created": int(model.created_at.timestamp()),
        "owned_by": "headgate-simulator",
    }


def _anthropic(model: Model) -> dict[str, object]:
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.title,
        "created_at": model.created_at,
        "lifecycle": "active",
        "max_input_tokens": model.context_window,
        "max_tokens": model.max_output,
    }
