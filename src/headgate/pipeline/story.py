"""What the request log will say: gathered along the way, written exactly once at the end."""

import hashlib

from headgate.domain.errors import GatewayError, Refused, UpstreamError, UpstreamRejected
from headgate.domain.outcome import Outcome
from headgate.domain.principal import Attribution, Principal
from headgate.ledger.records import Logged, Record
from headgate.pipeline.attempt import Attempt
from headgate.pipeline.intake import Intake
from headgate.pipeline.ports import Clock, Journal, JournalFullError
from headgate.pipeline.request import Reply, Request

MAX_MESSAGE_CHARS = 500


class Story:
    """One request, from its principal on. `end` or `end_with` once; later calls do nothing."""

    def __init__(
        self, request: Request, principal: Principal, attribution: Attribution, journal: Journal, clock: Clock
    ):
        """Begin when the principal is known: a request without one belongs to no organisation and has no row."""
        self.attribution = attribution
        self._request = request
        self._principal = principal
        self._journal = journal
        self._clock = clock
        self._intake: Intake | None = None
        self._attempt: Attempt | None = None
        self._answered: float | None = None
        self._first_content: float | None = None
        self._ended = False

    def took(self, intake: Intake) -> None:
        """The body was understood."""
        self._intake = intake

    def tries(self, attempt: Attempt) -> None:
        """An attempt is about to be made."""
        self._attempt = attempt

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
        except JournalFullError:
            # A settlement has its room reserved; the log row of a request that cost nothing may be lost.
            if opened:
                raise
        finally:
            if opened:
                self._journal.close_attempt()

    def _logged(
        self, outcome: Outcome, status: int, error: str | None, message: str | None, reply: Reply | None
    ) -> Logged:
        request, attempt, intake = self._request, self._attempt, self._intake
        settled = attempt.settled if attempt and attempt.opened else None
        return Logged(
            request_id=request.id,
            at=request.arrived_at,
            organization_id=self._principal.organization_id,
            key_id=self._principal.key_id,
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
            cost=settled.cost if settled else None,
            stream=intake.stream if intake else False,
            latency_ms=self._ms(self._clock.monotonic()) or 0.0,
            upstream_ms=self._ms(self._answered),
            first_content_ms=self._ms(self._first_content),
            prompt_sha256=hashlib.sha256(request.body, usedforsecurity=False).hexdigest(),
            client_gone=reply is not None and reply.client_gone_at is not None,
        )

    def _ms(self, moment: float | None) -> float | None:
        return None if moment is None else round((moment - self._request.started) * 1000, 3)
