"""Sizes of pieces of JSON, for those who count what a model reads of a body."""

from collections.abc import Mapping
from typing import Final

import msgspec

_PUNCTUATION: Final = 4
"""Bytes of an object's member beside its name and value: two quotes, a colon, a comma."""
_text_decoder: Final = msgspec.json.Decoder(str)
_list_decoder: Final = msgspec.json.Decoder(list[msgspec.Raw])
_object_decoder: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def size_beside(
    raw: msgspec.Raw,
    members: Mapping[str, msgspec.Raw],
    read: tuple[str, msgspec.Raw] | None = None,
    *,
    unread: frozenset[str] = frozenset(),
) -> int:
    """Bytes of an object beside the member that was read, and beside those that no model reads.

    What the members do not explain counts too: white space, and a member that was given twice, of which an operator may
    read the other one.
    """
    explained = 2 if read is None else 2 + len(read[0]) + size_of(read[1]) + _PUNCTUATION
    size = 0
    for name, value in members.items():
        member = len(name.encode()) + size_of(value)
        explained += member + _PUNCTUATION
        size += 0 if name in unread else member
    # The last member has no comma.
    return size + max(size_of(raw) - (explained - 1), 0)


def size_of_text(raw: msgspec.Raw) -> int:
    """UTF-8 length of a JSON string once decoded."""
    written = bytes(raw)
    return len(written) - 2 if b"\\" not in written else len(_text_decoder.decode(written).encode())


def items_of(raw: msgspec.Raw) -> list[msgspec.Raw]:
    """Elements of a list; none of anything else."""
    return _list_decoder.decode(raw) if starts_with(raw, b"[") else []


def members_of(raw: msgspec.Raw) -> dict[str, msgspec.Raw]:
    """Members of an object; none of anything else."""
    return _object_decoder.decode(raw) if starts_with(raw, b"{") else {}


def starts_with(raw: msgspec.Raw, mark: bytes) -> bool:
    """Whether a value is of the kind that begins so."""
    return bytes(memoryview(raw)[: len(mark)]) == mark


def size_of(raw: msgspec.Raw) -> int:
    """Bytes."""
    return memoryview(raw).nbytes
