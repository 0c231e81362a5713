"""What the simulated provider charges: its own price list and its own arithmetic.

Deliberately not `headgate.pricing`: a bill that is computed by the code under test proves nothing.
"""

from decimal import ROUND_HALF_EVEN, Decimal

import msgspec

_NANO_USD_PER_TOKEN = 1_000
"""One USD per million tokens is 1,000 nano-USD per token."""


class Counts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one request used, in disjoint buckets: tokens unless a name says otherwise. A 0 is left out of the JSON."""

    input: int = 0
    """Input read fresh."""
    cache_read: int = 0
    cache_write: int = 0
    """Written to the prompt cache for five minutes."""
    cache_write_1h: int = 0
    output: int = 0
    """Visible output."""
    output_reasoning: int = 0
    input_audio: int = 0
    input_image: int = 0
    image: int = 0
    """Images that were made."""
    character: int = 0
    """Characters that were spoken."""
    audio_second: int = 0
    """Begun seconds of sound that were listened to."""
    search_unit: int = 0
    tier: str = ""
    """Which of several prices applies, where the model has several."""

    @property
    def prompt(self) -> int:
        """All input tokens, cached or not."""
        return self.input + self.cache_read + self.cache_write + self.cache_write_1h

    @property
    def completion(self) -> int:
        """All output tokens, reasoning included."""
        return self.output + self.output_reasoning


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """USD per million tokens. A cache-write price of None means that the model writes no cache of that lifetime."""

    input: Decimal
    output: Decimal = Decimal(0)
    reasoning: Decimal | None = None
    """None: reasoning costs what output costs."""
    cache_read: Decimal | None = None
    """None: the model reads no cache."""
    cache_write: Decimal | None = None
    cache_write_1h: Decimal | None = None
    input_audio: Decimal = Decimal(0)
    input_image: Decimal = Decimal(0)
    each: Decimal = Decimal(0)
    """USD per million images, characters, seconds or searches: a model counts one of them at most."""
    tiers: dict[str, Decimal] = {}
    """The same by tier."""


PRICES: dict[str, Prices] = {
    "echo": Prices(input=Decimal("0.11"), output=Decimal("0.37"), cache_read=Decimal("0.011")),
    "small": Prices(
        input=Decimal("0.23"), output=Decimal("0.89"), cache_read=Decimal("0.023"), cache_write=Decimal("0.2875")
    ),
    "large": Prices(
        input=Decimal("2.7"),
        output=Decimal("13.1"),
        cache_read=Decimal("0.27"),
        cache_write=Decimal("3.375"),
        cache_write_1h=Decimal("5.4"),
    ),
    "reasoner": Prices(
        input=Decimal("1.3"), output=Decimal("5.9"), reasoning=Decimal("5.9"), cache_read=Decimal("0.13")
    ),
    # As a model that we run ourselves: nobody bills it.
    "open": Prices(input=Decimal(0)),
    "embed": Prices(input=Decimal("0.017")),
    "moderate": Prices(input=Decimal(0)),
    "rerank": Prices(input=Decimal(0), each=Decimal(1_900)),
    "image": Prices(
        input=Decimal(0),
        each=Decimal(90_000),
        tiers={"standard/512x512": Decimal(13_000), "standard/1024x1024": Decimal(37_000)},
    ),
    "image-tokens": Prices(input=Decimal("4.3"), input_image=Decimal("7.9"), output=Decimal(31)),
    "speech": Prices(input=Decimal(0), each=Decimal(14)),
    "speech-tokens": Prices(input=Decimal("0.7"), output=Decimal("11.3")),
    "transcribe": Prices(input=Decimal(0), each=Decimal(90)),
    "transcribe-tokens": Prices(input=Decimal("2.3"), output=Decimal("9.1"), input_audio=Decimal("5.7")),
}
"""By model name without the `sim/` prefix."""


def charge(model: str, counts: Counts) -> int:
    """Nano-USD for what one request used, rounded once, half to even.

    Args:
        model: a name in `PRICES`.
        counts: what was read and generated. Tokens in a cache bucket that the model has no price for are charged as
            input, which the request parsers make impossible by never filling such a bucket.
    """
    prices = PRICES[model]
    reasoning = prices.output if prices.reasoning is None else prices.reasoning
    usd = counts.input * prices.input + counts.output * prices.output + counts.output_reasoning * reasoning
    for tokens, price in (
        (counts.cache_read, prices.cache_read),
        (counts.cache_write, prices.cache_write),
        (counts.cache_write_1h, prices.cache_write_1h),
    ):
        if tokens:
            usd += tokens * (prices.input if price is None else price)
    usd += counts.input_audio * prices.input_audio + counts.input_image * prices.input_image
    each = counts.image + counts.character + counts.audio_second + counts.search_unit
    usd += each * prices.tiers.get(counts.tier, prices.each)
    return int((usd * _NANO_USD_PER_TOKEN).to_integral_value(ROUND_HALF_EVEN))
