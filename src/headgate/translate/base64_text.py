"""Base64 as text: there are two alphabets, and most readers know one of them."""

from typing import Final

_URL_SAFE: Final = str.maketrans("-_", "+/")


def standard(written: str) -> str:
    """The same bytes in the standard alphabet; Google's SDKs write the other one."""
    return written.translate(_URL_SAFE)
