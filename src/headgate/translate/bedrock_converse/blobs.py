"""Thinking that only its provider can read, as Bedrock has it: in base64 once more.

What Anthropic's own format holds as text is a blob here, so that it travels between the two; a blob that is no text is
marked, and goes to Bedrock alone.
"""

import base64
import binascii
from typing import Final

_MARK: Final = "bedrock:"


def parse_blob(blob: str) -> str:
    """What the blob holds in the common form."""
    try:
        return base64.b64decode(blob, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return _MARK + blob


def render_blob(data: str) -> str:
    """The blob for what the common form holds."""
    return data.removeprefix(_MARK) if data.startswith(_MARK) else base64.b64encode(data.encode()).decode()
