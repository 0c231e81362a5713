"""Requests of Gemini's format, as far as they are translated.

Source: the published reference of `models.generateContent`. What a caller writes is closed: an unknown field is an
error. Fields stand here under their camel-case names; `fields.py` reads the other spelling.
"""

from typing import Final

import msgspec

from headgate.translate.decoding import ABSENT

Shape = msgspec.Struct


class Blob(Shape, kw_only=True, rename="camel"):
    """`inlineData`: bytes inside the body."""

    mime_type: str
    data: str
    display_name: str | None = None


class FileReference(Shape, kw_only=True, rename="camel"):
    """`fileData`: bytes that the provider fetches, or has."""

    file_uri: str
    mime_type: str
    display_name: str | None = None


class FunctionCall(Shape, kw_only=True, rename="camel"):
    """`functionCall`: the model asks for a tool."""

    name: str
    id: str | None = None
    args: msgspec.Raw = ABSENT


class FunctionResponse(Shape, kw_only=True, rename="camel"):
    """`functionResponse`: what the tool said; `parts` are pictures and files that it showed."""

    name: str
    id: str | None = None
    response: msgspec.Raw = ABSENT
    parts: msgspec.Raw = ABSENT


class Part(Shape, kw_only=True, rename="camel"):
    """A piece of a turn: exactly one of the first five."""

    text: str | None = None
    inline_data: msgspec.Raw = ABSENT
    file_data: msgspec.Raw = ABSENT
    function_call: msgspec.Raw = ABSENT
    function_response: msgspec.Raw = ABSENT
    thought: bool | None = None
    thought_signature: str | None = None


class Content(Shape, kw_only=True, rename="camel"):
    """One turn."""

    parts: msgspec.Raw = ABSENT
    role: str | None = None


class FunctionDeclaration(Shape, kw_only=True, rename="camel"):
    """A function that may be called: its parameters in OpenAPI's dialect, or as JSON Schema."""

    name: str
    description: str | None = None
    parameters: msgspec.Raw = ABSENT
    parameters_json_schema: msgspec.Raw = ABSENT


class FunctionCallingConfig(Shape, kw_only=True, rename="camel"):
    """Whether and which tool must be called."""

    mode: str | None = None
    allowed_function_names: list[str] | None = None


class ToolConfig(Shape, kw_only=True, rename="camel"):
    """`toolConfig`."""

    function_calling_config: msgspec.Raw = ABSENT


class ThinkingConfig(Shape, kw_only=True, rename="camel"):
    """`thinkingConfig`."""

    thinking_budget: int | None = None
    thinking_level: str | None = None
    include_thoughts: bool | None = None


class GenerationConfig(Shape, kw_only=True, rename="camel"):
    """`generationConfig`."""

    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: float | None = None
    stop_sequences: list[str] | None = None
    candidate_count: int | None = None
    response_mime_type: str | None = None
    response_schema: msgspec.Raw = ABSENT
    response_json_schema: msgspec.Raw = ABSENT
    response_modalities: list[str] | None = None
    response_logprobs: bool | None = None
    logprobs: int | None = None
    thinking_config: msgspec.Raw = ABSENT


class GenerateContentRequest(Shape, kw_only=True, rename="camel"):
    """The body."""

    contents: msgspec.Raw
    system_instruction: msgspec.Raw = ABSENT
    tools: msgspec.Raw = ABSENT
    tool_config: msgspec.Raw = ABSENT
    generation_config: msgspec.Raw = ABSENT


IGNORED: Final = frozenset({"labels", "model", "safetySettings", "serviceTier", "store"})
"""Tuning knobs and bookkeeping that no other format has: left out, as `docs/reference/gemini.md` lists."""
IGNORED_IN_CONFIG: Final = frozenset(
    {"audioTimestamp", "enableEnhancedCivicAnswers", "frequencyPenalty", "mediaResolution", "presencePenalty", "seed"}
)
"""The same of `generationConfig`."""
IGNORED_IN_TOOL_CONFIG: Final = frozenset({"includeServerSideToolInvocations"})
"""The same of `toolConfig`."""
IGNORED_OF_PARTS: Final = frozenset({"mediaResolution", "partMetadata"})
"""The same of parts."""
IGNORED_OF_TOOLS: Final = frozenset({"behavior", "response", "responseJsonSchema"})
"""The same of a function's declaration."""
IGNORED_OF_RESULTS: Final = frozenset({"scheduling", "willContinue"})
"""The same of a tool's result."""
