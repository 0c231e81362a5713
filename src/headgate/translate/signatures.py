"""Whose signature a thought carries.

A provider trusts a thought that comes back when it bears its own signature, and refuses one that bears another's. In
the common form Anthropic's signatures stand as they are; Google's and those of the Responses format carry a mark, with
which clients of other formats get them and bring them back.

Clients of Gemini's format hold signatures for base64 and may write them in its other alphabet. Google's own go to them
without the mark; what others signed, or hid altogether, is wrapped in base64.
"""

import base64
import binascii
from typing import Final

from headgate.domain.conversation import RedactedThinking, Thinking
from headgate.translate.base64_text import standard

_GOOGLES: Final = "google:"
_RESPONSES: Final = "responses:"
_WRAPPED_SIGNED: Final = "headgate:signed:"
_WRAPPED_HIDDEN: Final = "headgate:hidden:"
_SIGNED: Final = b"headgate:signed:"
_HIDDEN: Final = b"headgate:hidden:"


def googles(signature: str | None) -> str | None:
    """The signature as Google wrote it; None where it is not Google's."""
    return signature.removeprefix(_GOOGLES) if signature is not None and signature.startswith(_GOOGLES) else None


def from_gemini(written: str) -> Thinking | RedactedThinking:
    """What a `thoughtSignature` stands for: thinking without text that bears the signature, or what was hidden."""
    signature = standard(written)
    try:
        wrapped = base64.b64decode(signature, validate=True)
        if wrapped.startswith(_SIGNED):
            return Thinking(text="", signature=wrapped.removeprefix(_SIGNED).decode())
        if wrapped.startswith(_HIDDEN):
            return RedactedThinking(data=wrapped.removeprefix(_HIDDEN).decode())
    except (binascii.Error, ValueError):
        pass  # Not base64, or not ours: whatever it is, Google wrote it.
    return Thinking(text="", signature=_GOOGLES + signature)


def to_gemini(signature: str) -> str:
    """A signature for a client of Gemini's format."""
    own = googles(signature)
    return _wrapped(_SIGNED, signature) if own is None else own


def hidden_to_gemini(data: str) -> str:
    """Thinking that only its provider can read, for a client of Gemini's format."""
    return _wrapped(_HIDDEN, data)


def _wrapped(kind: bytes, text: str) -> str:
    return base64.b64encode(kind + text.encode("utf-8", "replace")).decode()


def is_marked(text: str | None) -> bool:
    """Whether a signature, or hidden thinking, is another provider's than Anthropic's."""
    return text is not None and text.startswith((_GOOGLES, _RESPONSES))


def of_responses(text: str | None) -> str | None:
    """What a provider of the Responses format encrypted, as it wrote it; None where another provider did."""
    return text.removeprefix(_RESPONSES) if text is not None and text.startswith(_RESPONSES) else None


def from_responses(encrypted: str) -> Thinking | RedactedThinking:
    """What an `encrypted_content` stands for: thinking without its text that bears a signature, or what was hidden."""
    if encrypted.startswith(_WRAPPED_HIDDEN):
        return RedactedThinking(data=encrypted.removeprefix(_WRAPPED_HIDDEN))
    if encrypted.startswith(_WRAPPED_SIGNED):
        return Thinking(text="", signature=encrypted.removeprefix(_WRAPPED_SIGNED))
    return Thinking(text="", signature=_RESPONSES + encrypted)


def to_responses(signature: str) -> str:
    """A signature for a client of the Responses format."""
    own = of_responses(signature)
    return _WRAPPED_SIGNED + signature if own is None else own


def hidden_to_responses(data: str) -> str:
    """Thinking that only its provider can read, for a client of the Responses format."""
    return _WRAPPED_HIDDEN + data
