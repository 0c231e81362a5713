"""Answer -> body of OpenAI's Responses format."""

from collections.abc import Mapping, Sequence

from headgate.domain.conversation import Answer, AnswerPart, RedactedThinking, StopReason, Text, Thinking, ToolCall
from headgate.domain.usage import Unit, Usage
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import encode
from headgate.translate.openai_responses.stop_reasons import COMPLETED, render_status
from headgate.translate.signatures import hidden_to_responses, to_responses

Item = dict[str, object]


def render_answer(answer: Answer, *, created: int) -> bytes:
    """Write a body. `created` is epoch seconds.

    Raises:
        UntranslatableError: the answer is a fragment.
    """
    if answer.failure is not None:
        raise UntranslatableError("answer", f"is a fragment: {answer.failure}")
    response_id = answer.id or name_of_response(created)
    status, missing = render_status(answer.stop_reason or StopReason.END_TURN)
    head = response_head(response_id, created=created, model=answer.model)
    output = render_output(answer.parts, response_id, last_status=status)
    return encode(ended(head, status, missing, output, answer.usage), "answer")


def name_of_response(created: int) -> str:
    """An id for an answer whose provider gave none."""
    return f"resp_{created}"


def response_head(response_id: str, *, created: int, model: str) -> Item:
    """What a response says of itself before it says anything; clients' types insist on most of it."""
    return {
        "id": response_id,
        "object": "response",
        "created_at": created,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "metadata": {},
        "model": model,
        "output": [],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "store": False,
        "temperature": None,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": None,
        "truncation": "disabled",
        "usage": None,
        "user": None,
    }


def ended(
    head: Mapping[str, object], status: str, missing: str | None, output: Sequence[object], usage: Usage | None
) -> Item:
    """The response at its end."""
    return {
        **head,
        "status": status,
        "incomplete_details": None if missing is None else {"reason": missing},
        "output": output,
        "usage": None if usage is None else render_usage(usage),
    }


def render_output(parts: Sequence[AnswerPart], response_id: str, *, last_status: str) -> list[Item]:
    """Write the items: texts that stand beside each other are one message, a thought and a call are each an item.

    `last_status` is that of the last one, which may have been cut.
    """
    items: list[Item] = []
    content: list[Item] = []
    for part in parts:
        position = len(items)
        if isinstance(part, Text):
            if not content:
                items.append(message_item(item_id("msg", response_id, position), content))
            content.append(text_part(part.text))
            continue
        content = []
        items.append(_item(part, response_id, position))
    if items and items[-1]["type"] != "reasoning":
        items[-1]["status"] = last_status
    return items


def _item(part: Thinking | RedactedThinking | ToolCall, response_id: str, position: int) -> Item:
    match part:
        case ToolCall():
            arguments = part.arguments.strip() or "{}"
            return call_item(item_id("fc", response_id, position), part.id, part.name, arguments)
        case Thinking(text=text, signature=signature):
            encrypted = to_responses(signature) if signature else None
            return reasoning_item(item_id("rs", response_id, position), text, encrypted)
        case RedactedThinking(data=data):
            return reasoning_item(item_id("rs", response_id, position), "", hidden_to_responses(data))


def item_id(kind: str, response_id: str, position: int) -> str:
    """An id for an item, unique among answers as far as the answer's own is."""
    return f"{kind}_{response_id.removeprefix('resp_')}_{position}"


def message_item(own_id: str, content: Sequence[object], status: str = COMPLETED) -> Item:
    """A text of the assistant."""
    return {"id": own_id, "type": "message", "status": status, "role": "assistant", "content": content}


def text_part(text: str) -> Item:
    """A part of a message."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def call_item(own_id: str, call_id: str, name: str, arguments: str, status: str = COMPLETED) -> Item:
    """A call of a function."""
    return {
        "id": own_id,
        "type": "function_call",
        "status": status,
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
    }


def reasoning_item(own_id: str, text: str, encrypted: str | None) -> Item:
    """What the model thought: in the open, as it came, and what only its provider can read."""
    item: Item = {"id": own_id, "type": "reasoning", "summary": [], "content": [thought_part(text)] if text else []}
    return item if encrypted is None else item | {"encrypted_content": encrypted}


def thought_part(text: str) -> Item:
    """A part of a reasoning item."""
    return {"type": "reasoning_text", "text": text}


def render_usage(usage: Usage) -> Item:
    """Write a usage object: parts lie inside their wholes, as the format has it."""
    n = usage.quantities
    cached = n.get(Unit.CACHE_READ, 0) + n.get(Unit.CACHE_READ_AUDIO, 0) + n.get(Unit.CACHE_READ_IMAGE, 0)
    written = n.get(Unit.CACHE_WRITE, 0) + n.get(Unit.CACHE_WRITE_1H, 0)
    rendered: Item = {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {"cached_tokens": cached} | ({"cache_write_tokens": written} if written else {}),
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": n.get(Unit.OUTPUT_REASONING, 0)},
        "total_tokens": usage.total_tokens,
    }
    searches = n.get(Unit.WEB_SEARCH, 0)
    return rendered | ({"server_tool_use": {"web_search_requests": searches}} if searches else {})
