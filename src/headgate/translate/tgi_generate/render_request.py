"""Conversation -> request body of Text Generation Inference's generate format.

The server has one model, which the body does not name; whether it streams is said by the path.
"""

from typing import Final

from headgate.domain.conversation import Conversation, JsonFormat
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import embed_object, encode
from headgate.translate.tgi_generate.render_prompt import render_prompt

_MOST_STOP_SEQUENCES: Final = 4


def render_request(conversation: Conversation) -> bytes:
    """Write a request that asks for everything that is counted.

    Raises:
        UntranslatableError: naming the field of the conversation.
    """
    if conversation.tools:
        raise UntranslatableError("tools", "this model reads one plain text: leave them out")
    if len(conversation.stop_sequences) > _MOST_STOP_SEQUENCES:
        raise UntranslatableError("stop_sequences", f"this model takes at most {_MOST_STOP_SEQUENCES}")
    parameters: dict[str, object] = {
        "details": True,
        # The tokens of the prompt; the server refuses the question beside a stream, and tells their number there.
        "decoder_input_details": not conversation.stream,
        "return_full_text": False,
    }
    if conversation.max_output_tokens is not None:
        parameters["max_new_tokens"] = conversation.max_output_tokens
    if conversation.stop_sequences:
        parameters["stop"] = conversation.stop_sequences
    if (given := conversation.response_format) is not None:
        if isinstance(given, JsonFormat):
            raise UntranslatableError("response_format.type", "this model needs a schema: use json_schema")
        parameters["grammar"] = {"type": "json", "value": embed_object(given.schema, "response_format.schema")}
    parameters |= _sampling(conversation)
    return encode({"inputs": render_prompt(conversation), "parameters": parameters}, "body")


def _sampling(conversation: Conversation) -> dict[str, object]:
    """Only what the server takes: its knobs end before 0 and 1, where they would mean the most likely, or nothing."""
    temperature, top_p, top_k = conversation.temperature, conversation.top_p, conversation.top_k
    if temperature is not None and temperature <= 0:
        return {"do_sample": False}
    knobs: dict[str, object] = {}
    if temperature is not None:
        knobs["temperature"] = temperature
    if top_p is not None and 0 < top_p < 1:
        knobs["top_p"] = top_p
    if top_k is not None and top_k > 0:
        knobs["top_k"] = top_k
    return {"do_sample": True, **knobs} if knobs else {}
