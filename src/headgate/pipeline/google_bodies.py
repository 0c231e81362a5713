"""Bodies whose model stands in the path: what they say of the model themselves must not say another one.

Gemini's batches of embeddings, and questions for token counts, carry whole requests that repeat the model's name.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from headgate.wire.spelling import camel_case

_REQUEST: Final = "generateContentRequest"
_REQUESTS: Final = "requests"
_encode: Final = msgspec.json.Encoder().encode
_decode_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_list: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode


def addressed(fields: Mapping[str, msgspec.Raw], model: str) -> dict[str, msgspec.Raw]:
    """The fields of a body for this upstream model.

    A name at the top that is another one is left out, for the path says it; in a request inside, which must have one,
    it is replaced. What says the same, or cannot be read, keeps its bytes.
    """
    name = msgspec.Raw(_encode(f"models/{model}"))
    return {
        field: _inside(camel_case(field), raw, name)
        for field, raw in fields.items()
        if field != "model" or bytes(raw) == bytes(name)
    }


def _inside(field: str, raw: msgspec.Raw, name: msgspec.Raw) -> msgspec.Raw:
    try:
        if field == _REQUEST:
            return _renamed(raw, name)
        if field == _REQUESTS:
            given = _decode_list(raw)
            changed = [_renamed(each, name) for each in given]
            return (
                raw
                if all(new is old for new, old in zip(changed, given, strict=True))
                else msgspec.Raw(_encode(changed))
            )
    except msgspec.DecodeError:
        pass  # The provider will refuse it.
    return raw


def _renamed(raw: msgspec.Raw, name: msgspec.Raw) -> msgspec.Raw:
    members = _decode_object(raw)
    if "model" not in members or bytes(members["model"]) == bytes(name):
        return raw
    return msgspec.Raw(_encode({**members, "model": name}))
