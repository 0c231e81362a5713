"""Input tokens that an operator adds to what the request contains.

A byte-level token is at least one byte, so the size of a body bounds the tokens of its text. What comes on top is
listed here. Source, unless a row says otherwise: the largest excess over the body's size in recorded exchanges of the
operator, at least doubled and rounded up to a power of two; the default row where no excess was recorded.
`tests/recordings/test_bound.py` holds every recorded self-contained request against this table.
"""

from typing import Final, NamedTuple


class Surcharge(NamedTuple):
    """Tokens on top of the request's own."""

    plain: int = 256
    """Any request: the chat template, a hidden preamble."""
    tools: int = 1_024
    """A request that carries tools: the preamble that explains them to the model."""


_DEFAULT: Final = Surcharge()
_BY_PROVIDER: Final[dict[str, Surcharge]] = {
    # Claude models: a schema for the answer put 332 tokens on top of a request's size at Snowflake, and Anthropic
    # documents a system prompt of hundreds of tokens for tools and for each tool of its own. Room for several of them;
    # the same for those who pass Claude on.
    "anthropic": Surcharge(plain=1_024, tools=4_096),
    "bedrock": Surcharge(plain=1_024, tools=4_096),
    "vertex_anthropic": Surcharge(plain=1_024, tools=4_096),
    "snowflake": Surcharge(plain=1_024, tools=4_096),
    "databricks": Surcharge(plain=1_024, tools=4_096),
    "openrouter": Surcharge(plain=1_024, tools=4_096),
    "github_copilot": Surcharge(plain=1_024, tools=4_096),
    # xAI puts a hidden prompt before every conversation, whose size follows the model and is not published; the largest
    # recorded excess is 20 tokens over a request of 116 bytes, too few recordings to rely on.
    "xai": Surcharge(plain=2_048, tools=2_048),
    "azure_openai": Surcharge(plain=2_048, tools=2_048),
    "groq": Surcharge(plain=512, tools=1_024),
    "mistral": Surcharge(plain=512, tools=1_024),
    # A Venice character brings its own instructions: 2,144 tokens over the size were recorded.
    "venice": Surcharge(plain=8_192, tools=4_096),
    # Cohere puts a preamble of hundreds of tokens before every request, more with tools, and does not charge for it:
    # what it bills was never more than the size of a request.
    "cohere": _DEFAULT,
    "sim": Surcharge(plain=0, tools=0),
}


def surcharge_of(provider: str) -> Surcharge:
    """The row of an operator by its name in the table, or the default row."""
    return _BY_PROVIDER.get(provider, _DEFAULT)
