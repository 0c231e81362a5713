"""A stream that is paid for as it goes, and ends validly when the money does.

A budget with `top_up` lets a stream begin with a part of its hold. What passes is counted from above, at least one byte
to a token, so that what is paid for is never less than what the provider has sent. When less than a reserve is left,
more is asked for; when nothing is granted, the client's stream ends as one that ran out of tokens, in its own format:
open blocks and calls closed, the finish reason, the usage where it was asked for, the last event.

The reserve is for what is on its way by then. Thinking that a provider bills but does not show cannot be seen from
here: such a stream must begin with its whole hold.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from headgate.domain.usage import OUTPUT_UNITS, Unit, Usage
from headgate.pipeline.exchange import Exchange

CUT_SHORT: Final = "cut_short"
"""The `error` of an attempt whose stream was ended so: estimated, for the provider may have gone on."""
RESERVE_TOKENS: Final = 64
STEP_TOKENS: Final = 256


class PaidStream:
    """An answer's stream through an exchange. It reads every event: only for streams whose hold is not placed whole."""

    def __init__(
        self,
        exchange: Exchange,
        *,
        paid: int,
        most: int,
        more: Callable[[int], Awaitable[int]],
        prompt: Usage | None = None,
        reserve: int = RESERVE_TOKENS,
        step: int = STEP_TOKENS,
    ) -> None:
        """Take what was paid before the first byte.

        Args:
            exchange: fed by nobody else from here on.
            paid: output tokens that the placed hold covers.
            most: output tokens that the request can cost at most (`max_tokens` as sent, times its choices); once they
                are paid for, the stream cannot be cut any more and costs nothing here.
            more: asks for so many tokens more and gives how many are paid for now in addition, 0 for none. It should
                not wait long: the client does meanwhile.
            prompt: the input as it was counted for the hold, for a provider that tells it only at the end.
            reserve: tokens that must be left beside those of another chunk like the last one.
            step: tokens to ask for at least.
        """
        self.paid = paid
        self.counted = 0
        """Output tokens that have passed, from above."""
        self.is_cut = False
        self._exchange = exchange
        self._upstream, self._client = exchange.endings()
        self._most = most
        self._more = more
        self._prompt = prompt
        self._reserve = reserve
        self._step = step

    async def feed(self, chunk: bytes) -> bytes:
        """Take a chunk of the provider's stream; give bytes for the client. After a cut there are no more.

        Raises:
            UntranslatableError: an event cannot be said in the client's format.
        """
        if self.is_cut:
            return b""
        passed = self._exchange.feed(chunk)
        if self.paid >= self._most:
            return passed
        carried = self._count(chunk, passed)
        if self._upstream.over:
            return passed
        needed = self._reserve + carried
        left = self.paid - self.counted
        if left < needed:
            granted = await self._more(min(max(needed - left, self._step), self._most - self.paid))
            self.paid += granted
            if granted <= 0:
                return passed + self._cut()
        return passed

    def finish(self) -> bytes:
        """The provider's stream ended on its own: give what is left."""
        return b"" if self.is_cut else self._exchange.finish()

    def _count(self, chunk: bytes, passed: bytes) -> int:
        # In the provider's own words: a translation may hold something back.
        carried = self._upstream.feed(chunk if self._exchange.translates else passed)
        if self._client is not self._upstream:
            self._client.feed(passed)
        self.counted += carried
        return carried

    def _cut(self) -> bytes:
        self.is_cut = True
        return self._client.finish(self._usage())

    def _usage(self) -> Usage:
        known = self._exchange.reading.usage or self._prompt or Usage({})
        rest = {unit: n for unit, n in known.quantities.items() if unit not in OUTPUT_UNITS}
        return Usage(rest | ({Unit.OUTPUT: self.counted} if self.counted else {}))
