"""Usage of OpenAI's Responses format -> disjoint buckets.

The figures lie inside each other as in the chat completions format, under other names. What the tools that a provider
runs cost beside their tokens stands elsewhere: in `tool_usage`, or only in the items of the output.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from headgate.domain.usage import Unit, Usage
from headgate.translate.counting import count, member, put
from headgate.translate.usage import openai_chat_usage

_NAMES: Final = {
    "input_tokens": "prompt_tokens",
    "output_tokens": "completion_tokens",
    "input_tokens_details": "prompt_tokens_details",
    "output_tokens_details": "completion_tokens_details",
}
_FREE_ACTIONS: Final = frozenset({"open_page", "find", "find_in_page"})
"""What a search does with a page that it has found already."""


class _Action(msgspec.Struct):
    type: str | None = None


class _Item(msgspec.Struct):
    type: str | None = None
    action: msgspec.Raw = msgspec.Raw()
    container_id: str | None = None


_decode_item: Final = msgspec.json.Decoder(_Item).decode
_decode_action: Final = msgspec.json.Decoder(_Action).decode


def responses_usage(
    usage: Mapping[str, object] | None,
    tool_usage: Mapping[str, object] | None = None,
    output: Sequence[msgspec.Raw] = (),
) -> Usage | None:
    """Read what an answer of this format says of its usage.

    Args:
        usage: the decoded `usage` object, or None.
        tool_usage: the decoded `tool_usage` object, or None.
        output: the items of the answer.

    Returns:
        Disjoint buckets, or None where nothing readable was reported.
    """
    if not usage:
        return None
    # The quirks of operators are of their other formats.
    read = openai_chat_usage({_NAMES.get(name, name): value for name, value in usage.items()}, frozenset())
    if read is None:
        return None
    buckets = dict(read.quantities)
    found = _fees(output)
    searches = found.get(Unit.WEB_SEARCH, 0)
    told = member(tool_usage or {}, "web_search")
    if "num_requests" in told:
        searches = count(told, "num_requests")
    sides = member(usage, "server_side_tool_usage_details")  # xAI's
    searches = max(searches, count(sides, "web_search_calls") + count(sides, "x_search_calls"))
    put(buckets, Unit.WEB_SEARCH, max(searches - buckets.get(Unit.WEB_SEARCH, 0), 0))
    for unit in (Unit.FILE_SEARCH, Unit.CODE_SESSION, Unit.TOOL_IMAGE):
        put(buckets, unit, found.get(unit, 0))
    return Usage(buckets)


def _fees(output: Sequence[msgspec.Raw]) -> dict[Unit, int]:
    fees: dict[Unit, int] = {}
    containers: set[str | None] = set()
    for raw in output:
        if b"_call" not in bytes(raw):
            continue
        try:
            item = _decode_item(raw)
        except msgspec.DecodeError:
            continue
        match item.type:
            case "web_search_call" if _is_billed(item.action):
                put(fees, Unit.WEB_SEARCH, 1)
            case "file_search_call":
                put(fees, Unit.FILE_SEARCH, 1)
            case "image_generation_call":
                put(fees, Unit.TOOL_IMAGE, 1)
            case "code_interpreter_call":
                containers.add(item.container_id)
            case _:
                pass
    put(fees, Unit.CODE_SESSION, len(containers))
    return fees


def _is_billed(action: msgspec.Raw) -> bool:
    try:
        return _decode_action(action).type not in _FREE_ACTIONS
    except msgspec.DecodeError:
        return True
