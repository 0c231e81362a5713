"""Reads requests to generate. Source: the OpenAPI document of Text Generation Inference.

A server has one model, which the body does not name: here it is the one in the path, `/tgi/<model>/generate`, or
without one the free model.
"""

from typing import Annotated, Literal

import msgspec

from headgate.simulator.ask import Ask
from headgate.simulator.knobs import Knobs
from headgate.simulator.models import Kind
from headgate.simulator.prose import seed_of
from headgate.simulator.reading import decode, effective_knobs, require_model, require_room
from headgate.simulator.refusals import Refusal
from headgate.simulator.tokens import count_tokens
from headgate.simulator.turns import PER_PROMPT


class _Grammar(msgspec.Struct, frozen=True):
    type: Literal["json"]
    value: dict[str, object]


class _Parameters(msgspec.Struct, frozen=True):
    details: bool = True
    decoder_input_details: bool = False
    max_new_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    stop: Annotated[list[str], msgspec.Meta(max_length=4)] = []
    temperature: Annotated[float, msgspec.Meta(gt=0)] | None = None
    top_p: Annotated[float, msgspec.Meta(gt=0, lt=1)] | None = None
    top_k: Annotated[int, msgspec.Meta(gt=0)] | None = None
    grammar: _Grammar | None = None


class _Request(msgspec.Struct, frozen=True):
    inputs: str
    parameters: _Parameters = _Parameters()
    simulate: Knobs | None = None


_requests = msgspec.json.Decoder(_Request)


def read_tgi(body: bytes, header: bytes | None, defaults: Knobs, *, model_name: str, stream: bool) -> Ask:
    """Parse a request to generate.

    Raises:
        Refusal: 404 or 422, the request is at fault.
    """
    model = require_model(model_name, Kind.CHAT)
    request = decode(_requests, body)
    parameters = request.parameters
    if not request.inputs:
        raise Refusal(400, "Input validation error: `inputs` cannot be empty", model=model.name)
    if stream and parameters.decoder_input_details:
        message = "Input validation error: `decoder_input_details` == true is not supported when streaming tokens"
        raise Refusal(400, message, model=model.name)
    tokens = PER_PROMPT + count_tokens(request.inputs)
    require_room(model, tokens)
    knobs = effective_knobs(request.simulate, header, defaults)
    return Ask(
        model=model,
        model_name=model_name,
        seed=seed_of((model.name.encode(), request.inputs.encode())),
        prompt_tokens=tokens,
        last_user_text=request.inputs,
        user_spoke_last=True,
        schema=parameters.grammar.value if parameters.grammar is not None else None,
        stop=tuple(parameters.stop),
        max_tokens=parameters.max_new_tokens,
        stream=stream,
        include_usage=parameters.details or parameters.decoder_input_details,
        knobs=knobs,
    )
