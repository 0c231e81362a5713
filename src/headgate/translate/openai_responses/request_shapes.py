"""Requests of OpenAI's Responses format, as far as they are translated.

Source: the published reference of `POST /v1/responses`, and recorded traffic of its other speakers. What a caller
writes is closed: an unknown field is an error. What a caller echoes (items of an earlier answer) is open.
"""

from typing import Final, Literal, TypeAlias

import msgspec

from headgate.translate.decoding import ABSENT


class TextPart(msgspec.Struct, kw_only=True, tag="input_text", forbid_unknown_fields=True):
    """`{"type": "input_text"}`."""

    text: str
    prompt_cache_breakpoint: msgspec.Raw = ABSENT


class ImagePart(msgspec.Struct, kw_only=True, tag="input_image", forbid_unknown_fields=True):
    """`{"type": "input_image"}`: an address, a data URL, or a file that was uploaded before."""

    image_url: str | None = None
    file_id: str | None = None
    detail: str | None = None
    prompt_cache_breakpoint: msgspec.Raw = ABSENT


class FilePart(msgspec.Struct, kw_only=True, tag="input_file", forbid_unknown_fields=True):
    """`{"type": "input_file"}`: a data URL, an address, or a file that was uploaded before."""

    file_data: str | None = None
    file_url: str | None = None
    file_id: str | None = None
    filename: str | None = None
    detail: str | None = None
    prompt_cache_breakpoint: msgspec.Raw = ABSENT


class WrittenPart(msgspec.Struct, kw_only=True, tag="output_text"):
    """`{"type": "output_text"}` of an earlier answer."""

    text: str = ""


class RefusalPart(msgspec.Struct, kw_only=True, tag="refusal"):
    """`{"type": "refusal"}` of an earlier answer."""

    refusal: str = ""


UserPart: TypeAlias = TextPart | ImagePart | FilePart
AssistantPart: TypeAlias = TextPart | WrittenPart | RefusalPart


class ItemHead(msgspec.Struct, kw_only=True):
    """What says how the rest of an item is to be read."""

    type: str = "message"
    role: str | None = None


class UserMessage(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the caller says, and instructions."""

    role: Literal["user", "system", "developer"]
    content: str | list[UserPart]
    type: str = "message"
    id: str | None = None
    status: str | None = None


class AssistantMessage(msgspec.Struct, kw_only=True):
    """An earlier answer."""

    content: str | list[AssistantPart]


class FunctionCall(msgspec.Struct, kw_only=True):
    """A tool call of an earlier answer."""

    call_id: str
    name: str
    arguments: str = ""


class FunctionCallOutput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a tool said."""

    call_id: str
    output: str | list[UserPart]
    type: str = "function_call_output"
    id: str | None = None
    status: str | None = None


class Thought(msgspec.Struct, kw_only=True):
    """A piece of a reasoning item: `summary_text` or `reasoning_text`."""

    text: str = ""


class ReasoningItem(msgspec.Struct, kw_only=True):
    """What a model thought before an earlier answer."""

    summary: list[Thought] | None = None
    content: list[Thought] | None = None
    encrypted_content: str | None = None


class FunctionTool(msgspec.Struct, kw_only=True):
    """An entry of `tools`."""

    name: str
    type: str = "function"
    description: str | None = None
    parameters: msgspec.Raw = ABSENT
    strict: bool | None = None


class NamedTool(msgspec.Struct, kw_only=True):
    """Names a tool."""

    type: str = "function"
    name: str | None = None


class ToolChoiceObject(msgspec.Struct, kw_only=True):
    """`tool_choice` as an object."""

    type: str
    name: str | None = None
    mode: str | None = None
    tools: list[NamedTool] | None = None
    """Of `allowed_tools`: those that may be called now, of all that are listed."""


class TextFormat(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`text`, `json_object` or `json_schema`."""

    type: str
    name: str | None = None
    description: str | None = None
    schema: msgspec.Raw = ABSENT
    strict: bool | None = None


class TextOptions(msgspec.Struct, kw_only=True):
    """`text`; how wordy the answer should be is a knob."""

    format: TextFormat | None = None


class ReasoningOptions(msgspec.Struct, kw_only=True):
    """`reasoning`; `max_tokens` and `enabled` are OpenRouter's."""

    effort: str | None = None
    max_tokens: int | None = None
    enabled: bool | None = None


class ResponsesRequest(msgspec.Struct, kw_only=True):
    """The body."""

    input: str | list[msgspec.Raw]
    model: str | None = None
    instructions: str | None = None
    tools: list[dict[str, msgspec.Raw]] | None = None
    tool_choice: str | ToolChoiceObject | None = None
    parallel_tool_calls: bool | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    text: TextOptions | None = None
    reasoning: ReasoningOptions | None = None
    include: list[str] | None = None
    top_logprobs: int | None = None
    stream: bool | None = None
    user: str | None = None


IGNORED: Final = frozenset(
    {
        "frequency_penalty",
        "max_tool_calls",
        "metadata",
        "presence_penalty",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "service_tier",
        "store",
        "stream_options",
        "truncation",
    }
)
"""Tuning knobs and bookkeeping that no other format has: left out, as `docs/reference/translation.md` lists."""

AT_THE_PROVIDER: Final = {
    "previous_response_id": "is kept by the provider that answered: send the earlier items in 'input'",
    "conversation": "is kept by one provider: send its items in 'input'",
    "prompt": "is a template that one provider keeps: write it out in 'instructions' and 'input'",
    "background": "is run by one provider: ask for a stream instead",
}
"""Fields that refer to what one provider keeps or runs -> what to do instead."""
