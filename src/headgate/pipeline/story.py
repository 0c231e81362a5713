"""What the request log will say: gathered along the way, written exactly once at the end."""

import hashlib
from collections.abc import Sequence
from typing import Final

from headgate.domain.errors import GatewayError, Refused, UpstreamError, UpstreamRejected
from headgate.domain.ids import RequestId
from headgate.domain.money import NanoUsd
from headgate.domain.outcome import Outcome
from headgate.domain.principal import Attribution, Principal
from headgate.domain.verdict import Verdict
from headgate.ledger.postings import count
from headgate.ledger.records import Logged, Record, Settled
from headgate.pipeline.attempt import Attempt
from headgate.pipeline.intake import Intake
from headgate.pipeline.ports import Admission, Clock, Journal, JournalFullError, RateLimiter
from headgate.pipeline.request import Reply, Request

MAX_MESSAGE_CHARS = 500
_UNUSED: Final = frozenset({Outcome.REJECTED, Outcome.UNREACHED})


class Story:
    """One request, from its principal on. `end` or `end_with` once; later calls do nothing."""

    def __init__(
        self, request: Request, principal: Principal, attribution: Attribution, journal: Journal, clock: Clock
    ):
        """Begin when the principal is known: a request without one belongs to no organisation and has no row."""
        self.attribution = attribution
        self.principal = principal
        self._request = request
        self._journal = journal
        self._clock = clock
        self._intake: Intake | None = None
        self._attempt: Attempt | None = None
        self._answered: float | None = None
        self._first_content: float | None = None
        self._ended = False
        self._replayed = False
        self._verdicts: tuple[Verdict, ...] = ()
        self._degraded_to: str | None = None
        self._clamped_to: int | None = None
        self._counted: tuple[RateLimiter, Admission] | None = None

    @property
    def model(self) -> str:
        """As the caller wrote it."""
        return self._intake.model if self._intake is not None else ""

    def took(self, intake: Intake) -> None:
        """The body was understood."""
        self._intake = intake

    def object(self, verdicts: tuple[Verdict, ...]) -> None:
        """Rules said something against it."""
        self._verdicts += verdicts

    def counted(self, limiter: RateLimiter, admission: Admission) -> None:
        """It counts in rate limits, until it ends."""
        self._counted = limiter, admission

    @property
    def limit_headers(self) -> Sequence[tuple[bytes, bytes]]:
        """What rate limits tell the client."""
        return self._counted[1].headers if self._counted is not None else ()

    def secured(self, *, degraded_to: str | None, clamped_to: int | None) -> None:
        """Its hold is placed, in this form."""
        self._degraded_to, self._clamped_to = degraded_to, clamped_to

    def tries(self, attempt: Attempt) -> None:
        """An attempt is about to be made."""
        self._attempt = attempt

    def settlements(self) -> Sequence[Settled | None]:
        """What became of the attempts that were opened; None: not settled yet."""
        attempt = self._attempt
        return (attempt.settled,) if attempt is not None and attempt.opened else ()

    def end_replayed(self, *, status: int, original: RequestId) -> None:
        """The request ends with the answer that another one got: no attempt, no cost."""
        self._replayed = True
        self._end(Outcome.OK, status, None, f"Replayed from {original}", None)

    def answered(self) -> None:
        """The provider's response headers are here."""
        self._answered = self._clock.monotonic()

    @property
    def has_content(self) -> bool:
        """Whether `content_seen` was called."""
        return self._first_content is not None

    def content_seen(self) -> None:
        """The first content of a stream passed."""
        self._first_content = self._clock.monotonic()

    def end_with(self, error: GatewayError) -> None:
        """The request ends in an error."""
        if isinstance(error, Refused):
            self._end(Outcome.REFUSED, error.status, error.code, error.message, None)
        elif isinstance(error, UpstreamError):
            outcome = Outcome.REJECTED if isinstance(error, UpstreamRejected) else Outcome.ESTIMATED
            if error.unbilled and outcome is Outcome.ESTIMATED:
                outcome = Outcome.UNREACHED
            self._end(outcome, error.status, error.code, error.message, None)
        else:
            self._end(Outcome.FAULT, 500, "internal_error", str(error), None)

    def end(self, *, status: int, reply: Reply | None = None, error: str | None = None) -> None:
        """The request ends with an answer; what is known of it is in the attempt's settlement."""
        settled = self._attempt.settled if self._attempt else None
        outcome = settled.outcome if settled else Outcome.OK
        self._end(outcome, status, settled.error if settled else None, error, reply)

    def _end(self, outcome: Outcome, status: int, error: str | None, message: str | None, reply: Reply | None) -> None:
        if self._ended:
            return
        self._ended = True
        attempt = self._attempt
        opened = attempt is not None and attempt.opened
        records: list[Record] = []
        if attempt is not None and opened:
            # Whatever went wrong on our side, the provider may have billed.
            attempt.settle(Outcome.ESTIMATED, error=error)
            if attempt.settled is not None:
                records.append(attempt.settled)
        records.append(self._logged(outcome, status, error, message, reply))
        try:
            self._journal.append(*records)
            if attempt is not None:
                # On record: what the hold did not need is free for others.
                attempt.free_hold()
        except JournalFullError:
            # A settlement has its room reserved; the log row of a request that cost nothing may be lost.
            if opened:
                raise
        finally:
            if opened:
                self._journal.close_attempt()
            elif attempt is not None:
                attempt.free_hold()
            self._count_off()

    def _count_off(self) -> None:
        """Let rate limits know what it came to."""
        if self._counted is None:
            return
        limiter, admission = self._counted
        settled = self._attempt.settled if self._attempt is not None and self._attempt.opened else None
        if settled is None or settled.outcome in _UNUSED:
            tokens: int | None = 0
        else:
            tokens = count(settled.usage).total
        limiter.finish(admission, tokens=tokens)

    def _logged(
        self, outcome: Outcome, status: int, error: str | None, message: str | None, reply: Reply | None
    ) -> Logged:
        request, attempt, intake = self._request, self._attempt, self._intake
        settled = attempt.settled if attempt and attempt.opened else None
        return Logged(
            request_id=request.id,
            at=request.arrived_at,
            organization_id=self.principal.organization_id,
            key_id=self.principal.key_id,
            attribution=self.attribution,
            endpoint=request.door.path,
            original_model=intake.model if intake else None,
            provider=attempt.target.provider.name if attempt else None,
            response_model=settled.response_model if settled else None,
            outcome=outcome,
            status=status,
            error=error,
            message=message[:MAX_MESSAGE_CHARS] if message else None,
            attempts=1 if settled else 0,
            usage=settled.usage if settled else None,
            cost=settled.cost if settled else NanoUsd(0) if self._replayed else None,
            stream=intake.stream if intake else False,
            latency_ms=self._ms(self._clock.monotonic()) or 0.0,
            upstream_ms=self._ms(self._answered),
            first_content_ms=self._ms(self._first_content),
            prompt_sha256=hashlib.sha256(request.body, usedforsecurity=False).hexdigest(),
            client_gone=reply is not None and reply.client_gone_at is not None,
            verdicts=self._verdicts,
            degraded_to=self._degraded_to,
            clamped_to=self._clamped_to,
        )

    def _ms(self, moment: float | None) -> float | None:
        return None if moment is None else round((moment - self._request.started) * 1000, 3)
