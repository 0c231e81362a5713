"""Answer -> body of Anthropic's messages format."""

from headgate.domain.conversation import Answer, AnswerPart, RedactedThinking, StopReason, Text, Thinking, ToolCall
from headgate.domain.usage import Unit, Usage
from headgate.translate.anthropic_messages.stop_reasons import render_stop_reason
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import embed_object, encode


def render_answer(answer: Answer, *, created: int) -> bytes:
    """Write a body. `created` is epoch seconds; it only names an answer that has no id.

    Raises:
        UntranslatableError: the answer is a fragment, or the arguments of a tool call are not a JSON object.
    """
    if answer.failure is not None:
        raise UntranslatableError("answer", f"is a fragment: {answer.failure}")
    body = {
        **message_head(answer.id or f"msg_{created}", answer.model),
        "content": [_block(part, f"content[{i}]") for i, part in enumerate(answer.parts)],
        "stop_reason": render_stop_reason(answer.stop_reason or StopReason.END_TURN),
        "stop_sequence": answer.stop_sequence,
        "usage": render_usage(answer.usage),
    }
    return encode(body, "answer")


def message_head(message_id: str, model: str) -> dict[str, object]:
    """What a message begins with, whole or streamed."""
    return {"id": message_id, "type": "message", "role": "assistant", "model": model}


def _block(part: AnswerPart, field: str) -> dict[str, object]:
    match part:
        case Text(text=text):
            return {"type": "text", "text": text}
        case Thinking(text=text, signature=signature):
            return {"type": "thinking", "thinking": text, "signature": signature or ""}
        case RedactedThinking(data=data):
            return {"type": "redacted_thinking", "data": data}
        case ToolCall():
            arguments = embed_object(part.arguments.strip() or "{}", f"{field}.input")
            return {"type": "tool_use", "id": part.id, "name": part.name, "input": arguments}


def render_usage(usage: Usage | None) -> dict[str, object]:
    """Write a usage object: cached tokens beside the input. The format insists on figures: unknown usage is zeros."""
    n = usage.quantities if usage is not None else {}
    five_minutes, hour = n.get(Unit.CACHE_WRITE, 0), n.get(Unit.CACHE_WRITE_1H, 0)
    thinking, searches = n.get(Unit.OUTPUT_REASONING, 0), n.get(Unit.WEB_SEARCH, 0)
    # The parts are always there: in a stream a later figure must replace an earlier one also when it is zero.
    rendered: dict[str, object] = {
        "input_tokens": n.get(Unit.INPUT, 0) + n.get(Unit.INPUT_AUDIO, 0) + n.get(Unit.INPUT_IMAGE, 0),
        "cache_creation_input_tokens": five_minutes + hour,
        "cache_read_input_tokens": (
            n.get(Unit.CACHE_READ, 0) + n.get(Unit.CACHE_READ_AUDIO, 0) + n.get(Unit.CACHE_READ_IMAGE, 0)
        ),
        "cache_creation": {"ephemeral_5m_input_tokens": five_minutes, "ephemeral_1h_input_tokens": hour},
        "output_tokens": usage.completion_tokens if usage is not None else 0,
        "output_tokens_details": {"thinking_tokens": thinking},
    }
    if searches:
        rendered["server_tool_use"] = {"web_search_requests": searches}
    return rendered
