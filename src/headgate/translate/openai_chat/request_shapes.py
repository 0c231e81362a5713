"""Requests of OpenAI's chat completions format, as far as they are translated.

Source: the published reference of `POST /v1/chat/completions`, and the additions that other operators of the format
made and that recorded traffic shows (`reasoning_content`, `reasoning_details`, `cache_control`, `document_url`). What
a caller writes is closed: an unknown field is an error. What a caller echoes (an assistant's turn) is open.
"""

from typing import Literal, TypeAlias

import msgspec

from headgate.translate.decoding import ABSENT


class CacheControl(msgspec.Struct, kw_only=True):
    """Anthropic's cache hint, as OpenRouter and others accept it in this format."""

    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] = "5m"


class TextPart(msgspec.Struct, kw_only=True, tag="text", forbid_unknown_fields=True):
    """`{"type": "text"}`."""

    text: str
    cache_control: CacheControl | None = None
    prompt_cache_breakpoint: msgspec.Raw = ABSENT


class ImageUrl(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An address or a data URL."""

    url: str
    detail: str | None = None


class ImagePart(msgspec.Struct, kw_only=True, tag="image_url", forbid_unknown_fields=True):
    """`{"type": "image_url"}`; Mistral writes the address alone."""

    image_url: ImageUrl | str
    cache_control: CacheControl | None = None
    prompt_cache_breakpoint: msgspec.Raw = ABSENT


class File(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A file inside the body, or one that was uploaded before."""

    file_data: str | None = None
    filename: str | None = None
    file_id: str | None = None


class FilePart(msgspec.Struct, kw_only=True, tag="file", forbid_unknown_fields=True):
    """`{"type": "file"}`."""

    file: File
    cache_control: CacheControl | None = None
    prompt_cache_breakpoint: msgspec.Raw = ABSENT


class DocumentUrlPart(msgspec.Struct, kw_only=True, tag="document_url", forbid_unknown_fields=True):
    """`{"type": "document_url"}`, Mistral's."""

    document_url: str
    document_name: str | None = None


class RefusalPart(msgspec.Struct, kw_only=True, tag="refusal"):
    """`{"type": "refusal"}` in an assistant's turn."""

    refusal: str


class ThoughtText(msgspec.Struct, kw_only=True):
    """A piece of Mistral's thinking."""

    type: Literal["text"] = "text"
    text: str = ""


class ThinkingPart(msgspec.Struct, kw_only=True, tag="thinking"):
    """`{"type": "thinking"}`, Mistral's."""

    thinking: list[ThoughtText] | str
    signature: str | None = None


class ReasoningDetail(msgspec.Struct, kw_only=True):
    """One entry of `reasoning_details`, OpenRouter's; which fields are set depends on the type."""

    type: str = ""
    text: str | None = None
    signature: str | None = None
    summary: str | None = None
    data: str | None = None


UserPart: TypeAlias = TextPart | ImagePart | FilePart | DocumentUrlPart
AssistantPart: TypeAlias = TextPart | RefusalPart | ThinkingPart


class SystemMessage(msgspec.Struct, kw_only=True, tag_field="role", tag="system", forbid_unknown_fields=True):
    """Instructions."""

    content: str | list[TextPart]
    name: str | None = None
    tool_calls: None = None
    tool_call_id: None = None


class DeveloperMessage(SystemMessage, tag_field="role", tag="developer", forbid_unknown_fields=True):
    """Instructions, by their newer name."""


class UserMessage(msgspec.Struct, kw_only=True, tag_field="role", tag="user", forbid_unknown_fields=True):
    """What the caller says."""

    content: str | list[UserPart]
    name: str | None = None
    tool_calls: None = None
    tool_call_id: None = None


class Function(msgspec.Struct, kw_only=True):
    """A called function. Arguments are JSON text; some servers send the object itself."""

    name: str
    arguments: msgspec.Raw = msgspec.Raw(b'""')


class Call(msgspec.Struct, kw_only=True):
    """An entry of `tool_calls`."""

    id: str
    function: Function
    type: Literal["function"] = "function"
    cache_control: CacheControl | None = None


class AssistantMessage(msgspec.Struct, kw_only=True, tag_field="role", tag="assistant"):
    """An earlier answer, echoed by the caller."""

    content: str | list[AssistantPart] | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[ReasoningDetail] | None = None
    tool_calls: list[Call] | None = None
    function_call: msgspec.Raw = ABSENT
    audio: msgspec.Raw = ABSENT
    images: msgspec.Raw = ABSENT


class ToolMessage(msgspec.Struct, kw_only=True, tag_field="role", tag="tool", forbid_unknown_fields=True):
    """What a tool said."""

    tool_call_id: str
    content: str | list[UserPart]
    name: str | None = None
    tool_calls: None = None
    cache_control: CacheControl | None = None


RequestMessage: TypeAlias = SystemMessage | DeveloperMessage | UserMessage | AssistantMessage | ToolMessage


class FunctionDefinition(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A function that may be called; `parameters` is a JSON Schema."""

    name: str
    description: str | None = None
    parameters: msgspec.Raw = ABSENT
    strict: bool | None = None
    type: str | None = None


class ToolDefinition(msgspec.Struct, kw_only=True):
    """An entry of `tools`."""

    function: FunctionDefinition
    type: str = "function"
    cache_control: CacheControl | None = None


class NamedFunction(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Names a function."""

    name: str


class ToolChoiceObject(msgspec.Struct, kw_only=True):
    """`{"type": "function", "function": {"name": ...}}`."""

    type: str = "function"
    function: NamedFunction | None = None


class JsonSchema(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A named JSON Schema."""

    name: str | None = None
    description: str | None = None
    schema: msgspec.Raw = ABSENT
    strict: bool | None = None


class ResponseFormat(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`text`, `json_object` or `json_schema`."""

    type: str
    json_schema: JsonSchema | None = None


class StreamOptions(msgspec.Struct, kw_only=True):
    """Only whether the last chunk carries usage; obfuscation is between us and nobody."""

    include_usage: bool | None = None


class ThinkingSwitch(msgspec.Struct, kw_only=True):
    """`thinking`, as DeepSeek, Z.ai and others have it."""

    type: str | None = None
    budget_tokens: int | None = None


class ReasoningOptions(msgspec.Struct, kw_only=True):
    """`reasoning`, OpenRouter's."""

    effort: str | None = None
    max_tokens: int | None = None
    enabled: bool | None = None


class ChatRequest(msgspec.Struct, kw_only=True):
    """The body."""

    messages: list[RequestMessage]
    model: str | None = None
    tools: list[dict[str, msgspec.Raw]] | None = None
    tool_choice: str | ToolChoiceObject | None = None
    parallel_tool_calls: bool | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: str | list[str] | None = None
    response_format: ResponseFormat | None = None
    reasoning_effort: str | None = None
    reasoning: ReasoningOptions | None = None
    thinking: ThinkingSwitch | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    user: str | None = None
    n: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    logit_bias: dict[str, float] | None = None
    modalities: list[str] | None = None


IGNORED = frozenset(
    {
        "cache_prompt",
        "clear_thinking",
        "frequency_penalty",
        "include_reasoning",
        "keep_alive",
        "metadata",
        "min_p",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "random_seed",
        "reasoning_format",
        "repetition_penalty",
        "safety_identifier",
        "seed",
        "service_tier",
        "store",
        "usage",
        "verbosity",
    }
)
"""Tuning knobs and bookkeeping that no other format has: left out, as `docs/reference/translation.md` lists."""
