"""Why a cost cannot be bounded, and what would bound it: the refusal under a budget."""

from headgate.domain.errors import Unpriced
from headgate.pricing.bound import input_bound, output_bound
from headgate.pricing.compiled import CompiledCard
from headgate.pricing.request_shape import RequestShape


def unbounded(model: str, card: CompiledCard, shape: RequestShape) -> Unpriced:
    """The error for a request whose `upper_bound`, or `token_bound`, is None, naming the remedy.

    Args:
        model: as the caller wrote it.
        card: of that model.
        shape: of the request.
    """
    if input_bound(card, shape) is None:
        return Unpriced(
            f"The cost of this request to {model!r} cannot be bounded: {_why_input(card, shape)}, and the price card "
            "names no context window; an admin can add a card that does.",
            code="cost_unbounded",
        )
    if output_bound(card, shape) is None and shape.counted:
        return Unpriced(
            f"The cost of this request to {model!r} cannot be bounded: its price card does not say how many tokens an "
            "answer has at most; an admin can add a card that does.",
            code="cost_unbounded",
        )
    if output_bound(card, shape) is None:
        return Unpriced(
            f"The cost of this request to {model!r} cannot be bounded: nothing says how long the answer may be; "
            f"set {shape.limit_field!r}.",
            code="cost_unbounded",
            param=shape.limit_field,
        )
    return Unpriced(
        f"The cost of this request to {model!r} cannot be bounded: its price card lacks a rate that the request may "
        "need; an admin can add a card that has it.",
        code="model_unpriced",
        param="model",
    )


def _why_input(card: CompiledCard, shape: RequestShape) -> str:
    if card.searches:
        return "the model reads pages on its own"
    if shape.server_tools:
        return "the provider runs tools for it"
    if shape.refers_outside:
        return "it refers to more than it contains"
    return "it contains images, whose tokens are not known for this model"
