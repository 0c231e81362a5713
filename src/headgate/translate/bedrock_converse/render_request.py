"""Conversation -> request body of Bedrock's Converse format. The model and the way of answering are in the address."""

from typing import Final

from headgate.domain.conversation import Conversation, JsonFormat, JsonSchemaFormat, Role, Text
from headgate.translate.bedrock_converse.model_families import Family, family_of
from headgate.translate.bedrock_converse.render_messages import render_messages, text_blocks
from headgate.translate.bedrock_converse.render_thinking import render_thinking
from headgate.translate.bedrock_converse.render_tools import render_tools
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import embed_object, encode

_HOTTEST: Final = 1.0
"""Temperatures end here; OpenAI's go to 2."""
_STOP_SEQUENCE: Final = "/stop_sequence"
"""Where Claude says which stop sequence it met."""

Block = dict[str, object]


def render_request(conversation: Conversation, *, model: str, default_max_tokens: int) -> bytes:
    """Write a request.

    Raises:
        UntranslatableError: naming the field of the conversation.
    """
    family = family_of(model)
    body: Block = {}
    if system := text_blocks(_instructions(conversation), family):
        body["system"] = system
    body["messages"] = render_messages(conversation.messages, family, cache=conversation.cache)
    tools, more = render_tools(conversation, family)
    if tools is not None:
        body["toolConfig"] = tools
    thinking = render_thinking(conversation, family, model=model, default_max_tokens=default_max_tokens)
    more |= thinking.fields
    inference = _inference(conversation, more, family, thinks=thinking.enabled)
    if inference:
        body["inferenceConfig"] = inference
    if conversation.response_format is not None:
        body["outputConfig"] = {"textFormat": _text_format(conversation.response_format)}
    if more:
        body["additionalModelRequestFields"] = more
    if conversation.stop_sequences and family is Family.CLAUDE:
        body["additionalModelResponseFieldPaths"] = [_STOP_SEQUENCE]
    return encode(body, "body")


def _instructions(conversation: Conversation) -> list[Text]:
    """All instructions: not every model takes them between messages."""
    later = [
        part
        for message in conversation.messages
        if message.role is Role.SYSTEM
        for part in message.parts
        if isinstance(part, Text)
    ]
    return [*conversation.system, *later]


def _inference(conversation: Conversation, more: Block, family: Family, *, thinks: bool) -> Block:
    """`inferenceConfig`; knobs that only some models have go to `more`."""
    inference: Block = {}
    if conversation.max_output_tokens is not None:
        inference["maxTokens"] = conversation.max_output_tokens
    if conversation.stop_sequences:
        inference["stopSequences"] = conversation.stop_sequences
    if thinks:
        return inference  # Claude refuses every sampling knob beside thinking, Nova some.
    if conversation.temperature is not None:
        inference["temperature"] = min(conversation.temperature, _HOTTEST)
    if conversation.top_p is not None:
        inference["topP"] = conversation.top_p
    if conversation.top_k is not None:
        more |= _top_k(conversation.top_k, family)
    return inference


def _top_k(top_k: int, family: Family) -> Block:
    match family:
        case Family.CLAUDE | Family.MISTRAL:
            return {"top_k": top_k}
        case Family.NOVA | Family.NOVA_2:
            return {"inferenceConfig": {"topK": top_k}}
        case Family.COHERE:
            return {"k": top_k}
        case _:
            return {}


def _text_format(given: JsonSchemaFormat | JsonFormat) -> Block:
    if isinstance(given, JsonFormat):
        raise UntranslatableError("response_format.type", "this model needs a schema: use json_schema")
    # The schema is text there; that it is an object is looked at all the same.
    _ = embed_object(given.schema, "response_format.schema")
    schema: Block = {"schema": given.schema}
    if given.name:
        schema["name"] = given.name
    if given.description:
        schema["description"] = given.description
    return {"type": "json_schema", "structure": {"jsonSchema": schema}}
