"""Answer body of OpenAI's Responses format -> answer."""

from typing import Final

import msgspec

from headgate.domain.conversation import Answer, AnswerPart, Text, ToolCall
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import decode, is_given
from headgate.translate.error_message import error_message
from headgate.translate.openai_responses import answer_shapes as shapes
from headgate.translate.openai_responses.parse_items import thinking_of
from headgate.translate.openai_responses.request_shapes import ReasoningItem
from headgate.translate.openai_responses.stop_reasons import COMPLETED, FAILED, INCOMPLETE, parse_stop_reason
from headgate.translate.usage_responses import responses_usage

_WHOLE: Final = frozenset({None, COMPLETED, INCOMPLETE, "complete"})


def parse_answer(body: bytes) -> Answer:
    """Read a successful body.

    Raises:
        UntranslatableError: malformed, not whole, or with content that has no counterpart.
    """
    response = decode(body, shapes.Response, "")
    if response.output is None:
        raise UntranslatableError("output", "is required")
    if response.status not in _WHOLE:
        raise UntranslatableError("status", _why_not_whole(response))
    items = [decode(raw, shapes.Item, f"output[{i}]") for i, raw in enumerate(response.output)]
    parts = [part for i, item in enumerate(items) for part in parts_of(item, f"output[{i}]")]
    return Answer(
        id=response.id or "",
        model=response.model or "",
        parts=tuple(parts),
        stop_reason=parse_stop_reason(
            response.status,
            response.incomplete_details.reason if response.incomplete_details is not None else None,
            has_calls=any(isinstance(part, ToolCall) for part in parts),
            refused=any(is_refusal(item) for item in items),
        ),
        usage=responses_usage(response.usage, response.tool_usage, response.output),
    )


def _why_not_whole(response: shapes.Response) -> str:
    if response.status == FAILED and is_given(response.error):
        return f"the provider failed: {error_message(200, msgspec.json.encode({'error': response.error}))}"
    return f"{response.status!r} is not the end of an answer"


def is_refusal(item: shapes.Item) -> bool:
    """Whether a message holds a refusal."""
    return any(part.refusal for part in item.content or ())


def refuse_foreign(item: shapes.Item, field: str) -> None:
    """What tools that a provider ran left behind has no counterpart.

    Raises:
        UntranslatableError: naming the field.
    """
    if item.type not in {shapes.MESSAGE, shapes.REASONING, shapes.FUNCTION_CALL}:
        raise UntranslatableError(f"{field}.type", f"{item.type!r} has no counterpart in the client's format")


def parts_of(item: shapes.Item, field: str) -> list[AnswerPart]:
    """The parts that an item stands for; none where it says nothing.

    Raises:
        UntranslatableError: it has no counterpart.
    """
    refuse_foreign(item, field)
    if item.type == shapes.REASONING:
        return [*thinking_of(reasoning_of(item))]
    if item.type == shapes.FUNCTION_CALL:
        return [ToolCall(id=call_id(item, field), name=call_name(item, field), arguments=item.arguments or "")]
    texts = [part.refusal or part.text for part in item.content or ()]
    return [Text(text=text) for text in texts if text]


def reasoning_of(item: shapes.Item) -> ReasoningItem:
    """A reasoning item of an answer as one that is sent back."""
    content = [part.text for part in item.content or () if part.text]
    return ReasoningItem(
        summary=item.summary,
        content=[shapes.Thought(text=text) for text in content],
        encrypted_content=item.encrypted_content,
    )


def call_id(item: shapes.Item, field: str) -> str:
    """What the result of a call refers to.

    Raises:
        UntranslatableError: nobody could answer the call.
    """
    given = item.call_id or item.id
    if not given:
        raise UntranslatableError(f"{field}.call_id", "is required")
    return given


def call_name(item: shapes.Item, field: str) -> str:
    """The tool that is called.

    Raises:
        UntranslatableError: it is not named.
    """
    if item.name is None:
        raise UntranslatableError(f"{field}.name", "is required")
    return item.name
