"""Answer body of Bedrock's Converse format -> answer."""

import msgspec

from headgate.domain.conversation import Answer, AnswerPart, RedactedThinking, StopReason, Text, Thinking, ToolCall
from headgate.translate.bedrock_converse import answer_shapes as shapes
from headgate.translate.bedrock_converse.blobs import parse_blob
from headgate.translate.bedrock_converse.stop_reasons import parse_stop_reason
from headgate.translate.bedrock_converse.usage import converse_usage
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import decode, is_given, object_text

FOREIGN = ("tool_result", "image", "audio", "video", "document")
"""Members of blocks that have no counterpart."""


def parse_answer(body: bytes) -> Answer:
    """Read a successful body, which names neither itself nor its model.

    Raises:
        UntranslatableError: malformed, or with content that has no counterpart.
    """
    parsed = decode(body, shapes.Converse, "")
    message = parsed.output.message or shapes.Message()
    parts = [part for i, block in enumerate(message.content) for part in _parts(block, f"output.message.content[{i}]")]
    return Answer(
        parts=tuple(parts),
        stop_reason=parse_stop_reason(parsed.stop_reason) if parsed.stop_reason else StopReason.END_TURN,
        stop_sequence=stop_sequence_of(parsed.additional_model_response_fields),
        usage=converse_usage(parsed.usage),
    )


def stop_sequence_of(fields: msgspec.Raw) -> str | None:
    """Which stop sequence Claude met, where it was asked for."""
    try:
        return decode(fields, shapes.ResponseFields, "").stop_sequence if is_given(fields) else None
    except UntranslatableError:
        return None


def refuse_foreign(member: shapes.Block | shapes.Delta | shapes.Start, field: str) -> None:
    """Refuse a member that no other format has.

    Raises:
        UntranslatableError: naming it.
    """
    for name in FOREIGN:
        if is_given(getattr(member, name, shapes.ABSENT)):
            raise UntranslatableError(f"{field}.{name}", "has no counterpart in the client's format")


def refuse_server_tool(call: shapes.ToolUse, field: str) -> None:
    """Refuse a call that the provider answers itself.

    Raises:
        UntranslatableError: it is one.
    """
    if call.type == "server_tool_use":
        raise UntranslatableError(f"{field}.type", "a tool that the provider runs has no counterpart")


def _parts(block: shapes.Block, field: str) -> list[AnswerPart]:
    """One part, or none for a block that says nothing."""
    refuse_foreign(block, field)
    if (call := block.tool_use) is not None:
        refuse_server_tool(call, f"{field}.toolUse")
        arguments = object_text(call.input, f"{field}.toolUse.input")
        return [ToolCall(id=call.tool_use_id, name=call.name, arguments=arguments)]
    if block.reasoning_content is not None:
        return _thought(block.reasoning_content)
    text = block.text or ""
    if block.citations_content is not None:
        text = "".join(piece.text for piece in block.citations_content.content)
    return [Text(text=text)] if text else []


def _thought(reasoning: shapes.Reasoning) -> list[AnswerPart]:
    if reasoning.redacted_content is not None:
        return [RedactedThinking(data=parse_blob(reasoning.redacted_content))]
    thought = reasoning.reasoning_text
    if thought is None or not (thought.text or thought.signature):
        return []
    return [Thinking(text=thought.text, signature=thought.signature or None)]
