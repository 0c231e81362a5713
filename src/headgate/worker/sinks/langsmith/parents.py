"""What a caller's LangSmith headers say: the run that called us, its trace, its project, metadata and tags.

They come from outside: what cannot be read is as if it had not been said.
"""

import re
import uuid
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from headgate.domain.trace import TraceContext

_SEGMENT: Final = re.compile(r"\d{8}T\d{12}Z([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})")
"""One run in a dotted order: when it began, and its id."""
_METADATA: Final = "langsmith-metadata"
_PROJECT: Final = "langsmith-project"
_TAGS: Final = "langsmith-tags"
MAX_NAME_CHARS: Final = 200


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """The run that called us."""

    trace_id: uuid.UUID
    run_id: uuid.UUID
    dotted_order: str
    """It and those above it, outermost first."""
    project: str | None = None
    """Where its trace is; None: in ours."""
    metadata: Mapping[str, Any] = {}
    tags: tuple[str, ...] = ()


def parent_of(context: TraceContext | None) -> Parent | None:
    """Read the headers; None: there is no run above."""
    if context is None or context.langsmith is None:
        return None
    dotted_order = context.langsmith.strip()
    segments = [_SEGMENT.fullmatch(segment) for segment in dotted_order.split(".")]
    ids = [uuid.UUID(segment[1]) for segment in segments if segment is not None]
    if not ids or len(ids) < len(segments):
        return None
    said = _baggage(context.baggage)
    project = said.get(_PROJECT, "")
    return Parent(
        trace_id=ids[0],
        run_id=ids[-1],
        dotted_order=dotted_order,
        project=project if 0 < len(project) <= MAX_NAME_CHARS and project.isprintable() else None,
        metadata=_metadata(said.get(_METADATA)),
        tags=tuple(tag for tag in said.get(_TAGS, "").split(",") if tag),
    )


def _baggage(header: str | None) -> dict[str, str]:
    """Members by name; their values have the escapes of addresses."""
    members = (member.strip().partition("=") for member in (header or "").split(","))
    return {name: unquote(value) for name, equals, value in members if equals}


def _metadata(text: str | None) -> dict[str, Any]:
    if not text:
        return {}
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}
