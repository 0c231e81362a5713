"""The simulator's tokenizer: four characters are a token, and a rest is one more.

A character is at least one byte of UTF-8, and JSON never writes a character in fewer bytes than UTF-8 does, so no text
has more tokens than the body that carried it has bytes.
"""

CHARACTERS_PER_TOKEN = 4


def count_tokens(text: str) -> int:
    """Tokens of a text; 0 for the empty one."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def count_raw_tokens(raw: bytes | memoryview) -> int:
    """Tokens of a part that is not text (a tool, an image, a schema), by the bytes of its JSON as it came."""
    return -(-len(raw) // CHARACTERS_PER_TOKEN)


def cut_to_tokens(text: str, tokens: int) -> str:
    """The longest beginning that has at most so many tokens."""
    return text[: max(tokens, 0) * CHARACTERS_PER_TOKEN]


def split_into_chunks(text: str, tokens_per_chunk: int) -> list[str]:
    """Cut a text into pieces of so many tokens; the last may be shorter. The pieces have together what the text has."""
    size = tokens_per_chunk * CHARACTERS_PER_TOKEN
    return [text[start : start + size] for start in range(0, len(text), size)]
