"""One try at one deployment: recorded before it leaves, settled exactly once however it ends."""

import datetime as dt
from collections.abc import Mapping

from headgate.domain.budget import BudgetUnit
from headgate.domain.errors import UpstreamError
from headgate.domain.ids import CardId
from headgate.domain.money import LARGEST_NANO, NanoUsd
from headgate.domain.outcome import Outcome
from headgate.domain.usage import Usage
from headgate.ledger.records import Charge, Sent, Settled, Tried
from headgate.pipeline.hold import Hold, costs_of
from headgate.pipeline.overhearing import Overhearing
from headgate.pipeline.ports import Clock, Journal, KeptAnswers, StreamedBody, Upstream, UpstreamAnswer
from headgate.pipeline.tariff import Tariff
from headgate.pipeline.treasury import Treasury
from headgate.pricing.book import CompiledCard, PriceBook
from headgate.pricing.price import price
from headgate.routing.target import Target
from headgate.translate.codec import Reading

MAX_WORD_CHARS = 256
MAX_COST_DIGITS = 40
"""What a provider writes into a record is bounded: its room in the journal was reserved before it was known."""

_REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-amzn-requestid")
"""Where OpenAI and most others, Anthropic, and AWS say what they call a request."""
_AMBIGUOUS_STATUSES = frozenset({408, 499, 502, 504})
"""Error statuses that an intermediary gives while the provider may still be working: not a definite rejection."""


class Attempt:
    """One try. `send` once, then `settle` exactly once; a second `settle` does nothing."""

    def __init__(
        self,
        sent: Sent,
        target: Target,
        tariff: Tariff,
        hold: Hold,
        *,
        prices: PriceBook,
        journal: Journal,
        treasury: Treasury,
        clock: Clock,
        kept: KeptAnswers,
    ):
        """Prepare; nothing is written or sent yet. From here on the hold is the attempt's."""
        self.sent = sent
        self.target = target
        self.tariff = tariff
        self.settled: Settled | None = None
        self.opened = False
        self.status: int | None = None
        self.upstream_request_id: str | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        """For the client, beside what the answer itself says."""
        self.hold = hold
        self.earlier_cost = NanoUsd(0)
        """Of the same request's attempts before this one."""
        self.began = clock.monotonic()
        self.ended: float | None = None
        """Monotonic seconds, when it was settled."""
        self.on_record = False
        """Its settlement is in the journal."""
        self.detached = False
        """Whoever reads it to its end puts it on record, not the request that it was for."""
        self.overhearing: Overhearing | None = None
        """Set where the organization keeps the text of answers."""
        self._freed = False
        self._priced: tuple[Usage | None, tuple[CardId | None, NanoUsd | None, tuple[str, ...]]] | None = None
        """What some usage comes to: asked twice, to cover it and to settle it."""
        self._prices = prices
        self._journal = journal
        self._treasury = treasury
        self._clock = clock
        self._kept = kept

    async def send(
        self, upstream: Upstream, url: str, headers: Mapping[str, str], body: bytes | StreamedBody, *, stream: bool
    ) -> UpstreamAnswer:
        """Record, then send. Without `stream`, the answer may be awaited whole.

        Raises:
            JournalFullError: it cannot be recorded, so it is not sent.
            UpstreamError: no answer; the attempt is settled.
        """
        self._journal.open_attempt(self.sent)
        self.opened = True
        self.began = self._clock.monotonic()
        try:
            answer = await upstream.post(url, headers, body, provider=self.target.provider.name, stream=stream)
        except UpstreamError as error:
            self.settle(Outcome.UNREACHED if error.unbilled else Outcome.ESTIMATED, error=error.code)
            raise
        self.status = answer.status
        named = (answer.header(name) for name in _REQUEST_ID_HEADERS)
        self.upstream_request_id = _word(next((name for name in named if name), None))
        return answer

    async def read(self, answer: UpstreamAnswer) -> bytes:
        """Read a whole body.

        Raises:
            UpstreamError: it did not arrive; the attempt is settled.
        """
        try:
            return await answer.body()
        except UpstreamError as error:
            self.settle(Outcome.ESTIMATED, error=error.code)
            raise

    async def cover(self, reading: Reading) -> None:
        """Draw for what an answer costs above its hold, before it is settled."""
        if not self.hold.parts or reading.usage is None or self.settled is not None:
            return
        _, cost, _ = self._price(reading)
        if cost is not None and self.tariff.hold is not None and cost > self.tariff.hold:
            costs = [cost if unit is BudgetUnit.MONEY else 0 for unit in self.hold.units]
            await self._treasury.cover(self.hold.parts, costs)

    def settle_answer(self, reading: Reading, *, error: str | None = None) -> None:
        """Settle what was answered: at its usage when the answer came whole, at the hold when it did not."""
        if self._is_unknown(reading) or not reading.complete or error or reading.error:
            self.settle(Outcome.ESTIMATED, reading=reading, error=error or _why_estimated(reading))
        else:
            self.settle(Outcome.OK, reading=reading)

    def _is_unknown(self, reading: Reading) -> bool:
        """Whether the answer does not say what it costs: no usage, or only what its card has no rate for."""
        if self.tariff.free:
            # Endpoints that nobody bills report no usage.
            return False
        usage: Usage | None = reading.usage
        if usage is None:
            return not (reading.countless and self._card_is_free(reading))
        return len(self._price(reading)[2]) == len(usage.quantities)

    def _card_is_free(self, reading: Reading) -> bool:
        card = self._card_for(reading.response_model)
        return card is not None and card.free

    def settle_rejection(self, *, readable: bool) -> bool:
        """Settle an error answer; return whether it provably cost nothing."""
        definite = readable and self.status not in _AMBIGUOUS_STATUSES
        self.settle(Outcome.REJECTED if definite else Outcome.ESTIMATED, error=f"status_{self.status}")
        return definite

    def settle(self, outcome: Outcome, *, reading: Reading | None = None, error: str | None = None) -> None:
        """Decide what is booked. The record is kept in `settled`; the caller appends it with the request's own."""
        if self.settled is not None:
            return
        reading = reading or Reading()
        card_id, cost, unpriced = self._cost(outcome, reading)
        if cost is not None and cost > LARGEST_NANO:
            self.settle(Outcome.ESTIMATED, reading=reading, error="usage_unbelievable")
            return
        charged = reading.reported_cost
        self.ended = self._clock.monotonic()
        self.settled = Settled(
            request_id=self.sent.request_id,
            attempt=self.sent.attempt,
            at=self._clock.now(),
            outcome=outcome,
            usage=reading.usage,
            cost=cost,
            card_id=card_id,
            unpriced_units=unpriced,
            response_model=_word(reading.response_model),
            service_tier=_word(reading.service_tier),
            reported_cost=charged if charged is None or len(charged.as_tuple().digits) <= MAX_COST_DIGITS else None,
            upstream_request_id=self.upstream_request_id,
            status=self.status,
            error=error,
            charges=self._charge(outcome, cost, reading.usage),
            kept_id=_word(reading.kept_id),
        )
        if self.settled.kept_id is not None:
            self._kept.remember(self.sent.organization_id, self.settled.kept_id, self.target.deployment_id)

    def _charge(self, outcome: Outcome, cost: NanoUsd | None, usage: Usage | None) -> tuple[Charge, ...]:
        if not self.hold.parts:
            return ()
        costs = costs_of(self.hold, outcome, cost, usage)
        return () if costs is None else self._treasury.charge(self.hold.parts, costs)

    def raise_hold(self, tariff: Tariff, hold: Hold) -> None:
        """More is held now, and on record."""
        self.tariff, self.hold = tariff, hold

    def remaining(self) -> NanoUsd | None:
        """Money left in the tightest budget in scope, as the store last said; None: no budget counts money."""
        return self._treasury.remaining(self.hold.parts) if self.hold.parts else None

    def record(self) -> None:
        """Put on record what became of it, apart from its request's own end; idempotent.

        Raises:
            JournalFullError: it cannot be written; its room was reserved, so that the disk itself has failed.
        """
        if self.on_record or not self.opened:
            self.free_hold()
            return
        self.settle(Outcome.ESTIMATED, error="abandoned")
        assert self.settled is not None
        try:
            self._journal.append(self.settled)
            self.on_record = True
            self.free_hold()
        finally:
            self._journal.close_attempt()

    def tried(self) -> Tried:
        """What it came to, for the request log. One that still runs is told as it is booked if nobody comes back."""
        settled, target = self.settled, self.target
        ended = self._clock.monotonic() if self.ended is None else self.ended
        return Tried(
            deployment_id=target.deployment_id,
            provider=target.provider.name,
            model=target.model,
            outcome=settled.outcome if settled else Outcome.ESTIMATED,
            status=self.status,
            error=settled.error if settled else None,
            ms=round((ended - self.began) * 1000, 3),
            cost=settled.cost if settled else self.tariff.hold,
        )

    def free_hold(self) -> None:
        """Free what is left of the hold, once the settlement is on record, or when nothing was sent; idempotent."""
        if self._freed:
            return
        self._freed = True
        self._treasury.free(self.hold.parts, self.settled.charges if self.settled is not None else ())

    def _cost(self, outcome: Outcome, reading: Reading) -> tuple[CardId | None, NanoUsd | None, tuple[str, ...]]:
        if outcome in {Outcome.REJECTED, Outcome.UNREACHED} or self.tariff.free:
            return self.tariff.card_id, NanoUsd(0), ()
        if outcome is not Outcome.OK:
            return self.tariff.card_id, self.tariff.hold, ()
        return self._price(reading)

    def _price(self, reading: Reading) -> tuple[CardId | None, NanoUsd | None, tuple[str, ...]]:
        if self._priced is None or self._priced[0] is not reading.usage:
            self._priced = (reading.usage, self._price_once(reading))
        return self._priced[1]

    def _price_once(self, reading: Reading) -> tuple[CardId | None, NanoUsd | None, tuple[str, ...]]:
        card = self._card_for(reading.response_model)
        usage: Usage | None = reading.usage
        if card is None:
            return None, None, ()
        if usage is None:
            return card.card_id, NanoUsd(0) if card.free and reading.countless else None, ()
        priced = price(card, usage, reading.service_tier)
        return card.card_id, priced.amount, priced.unpriced_units

    def _card_for(self, response_model: str | None) -> CompiledCard | None:
        """The card of the model that answered: an alias or a router may have chosen a dearer one than was asked."""
        requested = self.tariff.card
        if response_model is None or response_model == self.target.model:
            return requested
        answered = self._prices.card_for(
            provider=self.target.provider.price_provider,
            model=response_model,
            organization_id=self.sent.organization_id,
            at=dt.datetime.fromtimestamp(self.sent.at, dt.UTC),
        )
        if answered is None and requested is not None and requested.free:
            # A router may answer a free model's request with one that costs: that is not known to be nothing.
            return None
        return answered or requested


def _word(text: str | None) -> str | None:
    return text[:MAX_WORD_CHARS] if text else text


def _why_estimated(reading: Reading) -> str:
    if reading.error:
        return "error_in_stream"
    if not reading.complete:
        return "stream_incomplete"
    return "usage_missing" if reading.usage is None else "usage_unpriced"
