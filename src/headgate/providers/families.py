"""Facts about model families that price lists lack: longest output, tokens per image, window, search without a tool.

Sources: the model pages of OpenAI, Anthropic, Google, DeepSeek and Cohere (longest output), OpenAI's vision guide
(tiles and patches), Anthropic's vision page. A context window is the largest that the family's own model cards state or
that any operator lists in the installed price data (`tests/unit/pricing/test_seed.py` compares): where a card states
none, a window that is too large only holds more. A model that is not listed has no fact; whoever holds money falls back
to the context window, and without one to the caller's own limit.
"""

import re
from typing import Final, NamedTuple


class Family(NamedTuple):
    """Facts about the models whose name starts with `prefix`."""

    prefix: str
    max_output: int | None = None
    """Tokens, reasoning included."""
    image_tokens: int | None = None
    """The most that one image can cost in input tokens."""
    context_window: int | None = None
    """Tokens, of the largest member."""


_MILLION: Final = 1_048_576
_128K: Final = 131_072
_256K: Final = 262_144
# Gemini tiles: at most 3072 x 3072 pixels in crops of at least 256, of 258 tokens each: 24 at worst, and the whole
# once. From 3 on the highest resolution is 2,240 tokens.
# OpenAI tiles: base + 8 tiles (2048 x 768 is the largest after scaling). Patches: 1,536 times the model's multiplier.
_FAMILIES: Final = (
    Family("gpt-4o-mini", 16_384, 2_833 + 8 * 5_667, context_window=128_000),
    Family("gpt-4o", 16_384, 85 + 8 * 170, context_window=128_000),
    Family("gpt-4.1-mini", 32_768, 2_489, context_window=1_047_576),
    Family("gpt-4.1-nano", 32_768, 3_779, context_window=1_047_576),
    Family("gpt-4.1", 32_768, 1_536, context_window=1_047_576),
    Family("gpt-4-turbo", 4_096, 85 + 8 * 170, context_window=128_000),
    Family("gpt-4-32k", 8_192, context_window=32_768),
    Family("gpt-4-0", 8_192, context_window=128_000),
    Family("gpt-3.5-turbo", 4_096, context_window=16_385),
    Family("gpt-5-mini", 128_000, 2_489, context_window=400_000),
    Family("gpt-5-nano", 128_000, 3_779, context_window=400_000),
    Family("gpt-5", 128_000, context_window=1_050_000),
    Family("o1-mini", 65_536, context_window=128_000),
    Family("o1", 100_000, 75 + 8 * 150, context_window=200_000),
    Family("o3-mini", 100_000, context_window=200_000),
    Family("o3", 100_000, 75 + 8 * 150, context_window=200_000),
    Family("o4-mini", 100_000, 2_642, context_window=200_000),
    Family("claude-3-haiku", 4_096, 1_600, context_window=200_000),
    Family("claude-3-sonnet", 4_096, 1_600, context_window=200_000),
    Family("claude-3-opus", 4_096, 1_600, context_window=200_000),
    Family("claude-3-5-haiku", 8_192, 1_600, context_window=200_000),
    Family("claude-3-5-sonnet", 8_192, 1_600, context_window=200_000),
    Family("claude-3-7-sonnet", 128_000, 1_600, context_window=200_000),
    Family("claude-sonnet-4-5", 64_000, 1_600, context_window=1_000_000),
    Family("claude-haiku-4-5", 64_000, 1_600, context_window=1_000_000),
    Family("claude-opus-4-5", 64_000, 1_600, context_window=1_000_000),
    Family("claude-opus-4-6", 128_000, 1_600, context_window=1_000_000),
    Family("claude-opus-4-1", 32_000, 1_600, context_window=1_000_000),
    Family("claude-opus-4-2", 32_000, 1_600, context_window=1_000_000),
    Family("claude-sonnet-4-2", 64_000, 1_600, context_window=1_000_000),
    Family("claude", None, 4_784, context_window=1_000_000),
    Family("gemini-2.5", 65_536, 25 * 258, context_window=_MILLION),
    Family("gemini-2.0", 8_192, 25 * 258, context_window=_MILLION),
    Family("gemini-1.5", 8_192, 25 * 258, context_window=2_097_152),
    Family("text-embedding", 0),
    # Tokens of one image that is made, and of one that is given. OpenAI's image guide has a table for the first model;
    # of the others the prices per image on their model pages tell the tokens, and of the newest, which make images of
    # any size, what the price calculator gave for the largest, rounded up.
    Family("gpt-image-1", 6_240, 7_400),
    Family("gpt-image-1-mini", 8_192, 7_400),
    Family("gpt-image-1.5", 8_192, 7_400),
    Family("chatgpt-image", 8_192, 7_400),
    Family("gpt-image-2", 16_384, 16_384),
    # OpenRouter's variant with the longer output.
    Family("gpt-4o:extended", 65_536, 85 + 8 * 170, context_window=128_000),
    Family("gpt-4-1106", 4_096, context_window=128_000),
    Family("gpt-4.5", 16_384, context_window=128_000),
    Family("gpt-6", context_window=1_050_000),
    Family("gpt-oss", context_window=_128K),
    Family("claude-2", context_window=200_000),
    Family("gemini-3", None, 2_240, context_window=_MILLION),
    Family("gemini-flash-1.5", 8_192, 25 * 258, context_window=2_097_152),
    Family("gemini-pro-1.5", 8_192, 25 * 258, context_window=2_097_152),
    Family("gemma-2", context_window=8_192),
    Family("gemma2", context_window=8_192),
    Family("gemma-7b", context_window=8_192),
    Family("gemma-3", context_window=_128K),
    Family("gemma-4", context_window=_256K),
    Family("llama-2", context_window=32_768),
    Family("llama2", context_window=32_768),
    Family("codellama", context_window=100_000),
    Family("llama-3", context_window=_128K),
    Family("llama3", context_window=_128K),
    Family("meta-llama-3", context_window=_128K),
    # NVIDIA trained members of this one for up to four million tokens.
    Family("llama-3.1-nemotron"),
    Family("llama-4-scout", context_window=10 * _MILLION),
    Family("llama-4-maverick", context_window=_MILLION),
    Family("llama-guard", context_window=163_840),
    Family("mistral-tiny", context_window=_128K),
    Family("mistral-small", context_window=_256K),
    Family("mistral-medium", context_window=_256K),
    Family("mistral-large", context_window=_MILLION),
    Family("mistral-7b", context_window=65_536),
    Family("mistral-nemo", context_window=_128K),
    Family("mistral-saba", context_window=32_768),
    Family("open-mistral", context_window=_128K),
    Family("open-mixtral", context_window=65_536),
    Family("ministral", context_window=_256K),
    Family("magistral", context_window=_128K),
    Family("pixtral", context_window=_128K),
    Family("devstral", context_window=_256K),
    Family("codestral", context_window=_256K),
    Family("mixtral", context_window=65_536),
    Family("deepseek-r1", context_window=163_840),
    Family("deepseek-v3", context_window=163_840),
    Family("deepseek-v4", context_window=_MILLION),
    # The name follows the newest model.
    Family("deepseek-chat", context_window=_MILLION),
    Family("qwen1.5", context_window=32_768),
    Family("qwen2", context_window=_128K),
    Family("qwen-2", context_window=_128K),
    Family("qwen3", context_window=_MILLION),
    Family("qwq", context_window=_128K),
    Family("glm-4", context_window=_MILLION),
    Family("glm-5", context_window=1_310_720),
    Family("kimi-k2", context_window=_256K),
    Family("kimi-k3", context_window=_MILLION),
    Family("minimax-m1", context_window=_MILLION),
    Family("minimax-m2", context_window=204_800),
    Family("mimo-v2", context_window=1_050_000),
    Family("nemotron-3", context_window=_MILLION),
    Family("grok-2", context_window=_128K),
    Family("grok-3", context_window=_128K),
    Family("grok-4", context_window=2_000_000),
    Family("command", context_window=_128K),
    Family("command-r", 4_096, context_window=_128K),
    Family("command-a-03", 8_192, context_window=_256K),
    Family("command-a-reasoning", 32_768, context_window=_256K),
    # Twelve tiles of 512 pixels and the whole picture small, 257 tokens each, and the marks around them.
    Family("command-a-vision", 8_192, image_tokens=3_343, context_window=_128K),
    Family("command-a", context_window=_256K),
    Family("phi-3", context_window=_128K),
    Family("phi-4", context_window=_128K),
    Family("jamba", context_window=_256K),
    Family("wizardlm-2", context_window=65_536),
    # AWS's model cards state 5,000 tokens or 10,000, page by page.
    Family("nova-micro", 10_240, context_window=128_000),
    Family("nova-lite", 10_240, context_window=300_000),
    Family("nova-pro", 10_240, context_window=300_000),
    Family("nova-2-lite", 65_536, context_window=1_000_000),
    Family("titan-text-lite", 4_096, context_window=4_096),
    Family("titan-text-express", 8_192, context_window=8_192),
)
_BEDROCKS_PREFIX: Final = re.compile(
    r"^(?:[a-z]{2,8}(?:-gov)?\.)?"
    r"(?:ai21|amazon|anthropic|cohere|deepseek|google|meta|minimax|mistral|moonshot|moonshotai|nvidia|openai|qwen|writer|zai)\."
)
"""Bedrock's names begin with their maker, and with a geography before it."""
_OWN_SIZE: Final = re.compile(r"-\d+[km]\b")
"""A name that states its window (`-1m`, `-128k-instruct`) may be beyond its family's."""
_THINKING_UNSEEN: Final = re.compile(r"o\d(-|$)|gpt-[5-9](?!.*-chat)|grok-4|gemini-(?!1\.|2\.0|flash-1\.5|pro-1\.5)")
_SEARCHING: Final = ("compound", "-search-preview", "-search-api", "deep-research", ":online")


def family_of(model: str) -> Family:
    """Facts about a model, by the longest prefix of its name without an operator's; an empty Family without one."""
    bare = _BEDROCKS_PREFIX.sub("", model.lower().rsplit("/", 1)[-1])
    name = bare if bare.startswith("gpt-") else bare.replace("claude-3.", "claude-3-").replace("-4.", "-4-")
    best = Family("")
    for family in _FAMILIES:
        if name.startswith(family.prefix) and len(family.prefix) > len(best.prefix):
            best = family
    return best


_MADE_IMAGES: Final = {
    "gpt-image-1": {
        "low/1024x1024": 272,
        "low/1024x1536": 408,
        "low/1536x1024": 400,
        "medium/1024x1024": 1_056,
        "medium/1024x1536": 1_584,
        "medium/1536x1024": 1_568,
        "high/1024x1024": 4_160,
        "high/1024x1536": 6_240,
        "high/1536x1024": 6_208,
    },
}
"""Model -> quality and size -> output tokens of one image: OpenAI's image guide."""


def made_image_tokens(model: str, tier: str) -> int | None:
    """Tokens of one image of a quality and size; None where that is not known, or left to the model."""
    return _MADE_IMAGES.get(model, {}).get(tier)


def window_of(model: str) -> int | None:
    """The context window of the largest member of a model's family, tokens; None where it is not known."""
    return None if _OWN_SIZE.search(model.lower()) else family_of(model).context_window


def thinks_unasked(model: str) -> bool:
    """Whether the model thinks without being asked to, and does not show what: tokens that nobody sees coming."""
    return _THINKING_UNSEEN.match(model.lower().rsplit("/", 1)[-1]) is not None


def searches_by_itself(model: str) -> bool:
    """Whether the model reads pages that the request does not contain, without being asked to by a tool."""
    name = model.lower()
    return any(mark in name for mark in _SEARCHING)
