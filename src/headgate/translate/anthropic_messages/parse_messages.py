"""Messages of Anthropic's messages format -> messages of the conversation."""

from collections.abc import Sequence

from headgate.domain import conversation as common
from headgate.domain.conversation import CacheHint, Message, Part, Role
from headgate.translate.anthropic_messages import request_shapes as shapes
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import object_text


def parse_messages(given: Sequence[shapes.RequestMessage]) -> tuple[Message, ...]:
    """Read messages in their order.

    Raises:
        UntranslatableError: naming the field.
    """
    return tuple(
        Message(role=Role(message.role), parts=_parts(message.content, f"messages[{i}].content"))
        for i, message in enumerate(given)
    )


def cache_hint(given: shapes.CacheControl | None) -> CacheHint | None:
    """The hint, if there is one."""
    return None if given is None else CacheHint(given.ttl)


def _parts(content: str | Sequence[shapes.Block], field: str) -> tuple[Part, ...]:
    if isinstance(content, str):
        return (common.Text(text=content),)
    return tuple(_part(block, f"{field}[{i}]") for i, block in enumerate(content))


def _part(block: shapes.Block, field: str) -> Part:
    match block:
        case shapes.TextBlock() | shapes.ImageBlock() | shapes.DocumentBlock():
            return _shown(block, field)
        case shapes.ToolUseBlock():
            arguments = object_text(block.input, f"{field}.input")
            hint = cache_hint(block.cache_control)
            return common.ToolCall(id=block.id, name=block.name, arguments=arguments, cache=hint)
        case shapes.ToolResultBlock():
            return _tool_result(block, field)
        case shapes.ThinkingBlock():
            return common.Thinking(text=block.thinking, signature=block.signature or None)
        case shapes.RedactedThinkingBlock():
            return common.RedactedThinking(data=block.data)


def _tool_result(block: shapes.ToolResultBlock, field: str) -> common.ToolResult:
    content = block.content or ()
    shown = (
        (common.Text(text=content),)
        if isinstance(content, str)
        else tuple(_shown(item, f"{field}.content[{i}]") for i, item in enumerate(content))
    )
    return common.ToolResult(
        call_id=block.tool_use_id,
        content=shown,
        is_error=bool(block.is_error),
        cache=cache_hint(block.cache_control),
    )


def _shown(block: shapes.ResultBlock, field: str) -> common.Text | common.Image | common.Document:
    hint = cache_hint(block.cache_control)
    match block:
        case shapes.TextBlock():
            return common.Text(text=block.text, cache=hint)
        case shapes.ImageBlock():
            return common.Image(source=_source(block.source), cache=hint)
        case shapes.DocumentBlock():
            _refuse_citations(block, field)
            return common.Document(source=_document_source(block.source), title=block.title, cache=hint)


def _refuse_citations(block: shapes.DocumentBlock, field: str) -> None:
    if block.citations is not None and block.citations.enabled:
        raise UntranslatableError(f"{field}.citations", "this model cannot cite documents: leave it out")
    if block.context:
        raise UntranslatableError(f"{field}.context", "has no counterpart: say it in a text block")


def _source(source: shapes.Base64Source | shapes.UrlSource) -> common.Base64Source | common.UrlSource:
    if isinstance(source, shapes.UrlSource):
        return common.UrlSource(url=source.url)
    return common.Base64Source(media_type=source.media_type, data=source.data)


def _document_source(
    source: shapes.Base64Source | shapes.UrlSource | shapes.TextSource,
) -> common.Base64Source | common.UrlSource | common.TextSource:
    if isinstance(source, shapes.TextSource):
        return common.TextSource(text=source.data)
    return _source(source)
