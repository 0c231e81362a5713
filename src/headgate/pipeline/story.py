"""What the request log will say: gathered along the way, written exactly once at the end."""

from collections.abc import Sequence
from typing import Final

from headgate.domain.errors import GatewayError, Refused, UpstreamError, UpstreamRejected
from headgate.domain.ids import RequestId
from headgate.domain.money import NanoUsd
from headgate.domain.outcome import Outcome
from headgate.domain.principal import Attribution, Principal
from headgate.domain.verdict import Verdict
from headgate.ledger.postings import count
from headgate.ledger.records import Logged, Record, Settled, Tried
from headgate.pipeline.attempt import Attempt
from headgate.pipeline.content import captured
from headgate.pipeline.intake import Intake
from headgate.pipeline.ports import Admission, Clock, Journal, JournalFullError, RateLimiter
from headgate.pipeline.request import Reply, Request
from headgate.pipeline.trace_context import trace_context_of
from headgate.routing.candidates import Choice

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
        self._attempts: list[Attempt] = []
        self._choice: Choice | None = None
        self._answered: float | None = None
        self._first_content: float | None = None
        self._ended = False
        self._replayed = False
        self._verdicts: tuple[Verdict, ...] = ()
        self._degraded_to: str | None = None
        self._clamped_to: int | None = None
        self._counted: list[tuple[RateLimiter, Admission]] = []
        self._row: Logged | None = None
        self._keeps_text = False

    def logged(self) -> Logged | None:
        """Its row of the request log; None before it ended."""
        return self._row

    @property
    def model(self) -> str:
        """As the caller wrote it."""
        return self._intake.model if self._intake is not None else ""

    def received(self, request: Request) -> None:
        """All of it is here."""
        self._request = request

    def keep_text(self) -> None:
        """Its organization keeps the text of requests and answers."""
        self._keeps_text = True

    def took(self, intake: Intake) -> None:
        """The body was understood."""
        self._intake = intake

    def object(self, verdicts: tuple[Verdict, ...]) -> None:
        """Rules said something against it."""
        # Every deployment that is considered is judged: what was said once is enough.
        if verdicts:
            self._verdicts += tuple(verdict for verdict in verdicts if verdict not in self._verdicts)

    def counted(self, limiter: RateLimiter, admission: Admission) -> None:
        """It counts in rate limits, until it ends."""
        self._counted.append((limiter, admission))

    @property
    def is_counted(self) -> bool:
        """Whether it counts in its own rate limits by now."""
        return bool(self._counted)

    @property
    def limit_headers(self) -> Sequence[tuple[bytes, bytes]]:
        """What rate limits tell the client."""
        return self._counted[0][1].headers if self._counted else ()

    def secured(self, *, degraded_to: str | None, clamped_to: int | None) -> None:
        """Its hold is placed, in this form."""
        self._degraded_to, self._clamped_to = degraded_to, clamped_to

    def chose(self, choice: Choice) -> None:
        """Where it may go."""
        self._choice = choice

    def tries(self, attempt: Attempt) -> None:
        """An attempt is about to be made."""
        if self._attempts:
            attempt.earlier_cost = self._spent()
        self._attempt = attempt
        self._attempts.append(attempt)

    def leaves(self, attempt: Attempt) -> None:
        """An attempt came to nothing that a client saw; another one follows.

        Raises:
            JournalFullError: it cannot be put on record.
        """
        attempt.record()

    def won(self, attempt: Attempt) -> None:
        """Of several attempts at once, this one answers; the others are read to their end by somebody else."""
        self._attempt = attempt
        attempt.earlier_cost = self._spent()

    def others(self) -> list[Attempt]:
        """Those that still run beside the one that answers."""
        return [attempt for attempt in self._attempts if attempt is not self._attempt and not attempt.on_record]

    def _spent(self) -> NanoUsd:
        return NanoUsd(sum([attempt.settled.cost or 0 for attempt in self._attempts if attempt.settled is not None]))

    def settlements(self) -> Sequence[Settled | None]:
        """What became of the attempts that were opened; None: not settled yet."""
        return [attempt.settled for attempt in self._attempts if attempt.opened and not attempt.detached]

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
        # All but the last one are on record, unless something went wrong on our side.
        pending = [attempt for attempt in self._attempts if not attempt.on_record and not attempt.detached]
        records: list[Record] = []
        opened = 0
        for attempt in pending:
            if attempt.opened:
                # Whatever went wrong on our side, the provider may have billed.
                attempt.settle(Outcome.ESTIMATED, error=error)
                assert attempt.settled is not None
                records.append(attempt.settled)
                opened += 1
        self._row = self._logged(outcome, status, error, message, reply)
        records.append(self._row)
        if self._keeps_text:
            self._record_text()
        try:
            self._journal.append(*records)
            # On record: what the holds did not need is free for others.
            for attempt in pending:
                attempt.on_record = attempt.opened
                attempt.free_hold()
        except JournalFullError:
            # A settlement has its room reserved; the log row of a request that cost nothing may be lost.
            if opened:
                raise
        finally:
            for attempt in pending:
                if attempt.opened:
                    self._journal.close_attempt()
                else:
                    attempt.free_hold()
            self._count_off()

    def _record_text(self) -> None:
        """Before the row that it belongs to, so that whoever finds the row finds the text."""
        heard = self._attempt.overhearing.heard() if self._attempt and self._attempt.overhearing else None
        try:
            # One by one: each is as small as what the journal can always place.
            for piece in captured(self._request, self.principal.organization_id, heard):
                self._journal.append(piece)
        except JournalFullError:
            # What nobody is charged for is not worth refusing a call.
            return

    def _count_off(self) -> None:
        """Let rate limits know what it came to."""
        if not self._counted:
            return
        settled = self._attempt.settled if self._attempt is not None and self._attempt.opened else None
        if settled is None or settled.outcome in _UNUSED:
            tokens: int | None = 0
        else:
            tokens = count(settled.usage).total
        for limiter, admission in self._counted:
            limiter.finish(admission, tokens=tokens)

    def _logged(
        self, outcome: Outcome, status: int, error: str | None, message: str | None, reply: Reply | None
    ) -> Logged:
        request, attempt, intake = self._request, self._attempt, self._intake
        settled = attempt.settled if attempt and attempt.opened else None
        tried = sum([each.opened for each in self._attempts])
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
            attempts=tried,
            usage=settled.usage if settled else None,
            cost=self._cost(settled),
            stream=intake.stream if intake else False,
            latency_ms=self._ms(self._clock.monotonic()) or 0.0,
            upstream_ms=self._ms(self._answered),
            first_content_ms=self._ms(self._first_content),
            prompt_sha256=request.sha256,
            client_gone=reply is not None and reply.client_gone_at is not None,
            verdicts=self._verdicts,
            degraded_to=self._degraded_to,
            clamped_to=self._clamped_to,
            route=self._choice.route if self._choice else None,
            arm=self._choice.arm if self._choice else None,
            tries=self._tries(),
            trace=trace_context_of(request.headers),
        )

    def _tries(self) -> tuple[Tried, ...]:
        """Every attempt; none where the one that there was went well: its cost event says it all."""
        opened = [attempt for attempt in self._attempts if attempt.opened]
        if len(opened) == 1 and opened[0].settled is not None and opened[0].settled.outcome is Outcome.OK:
            return ()
        return tuple([attempt.tried() for attempt in opened])

    def _cost(self, settled: Settled | None) -> NanoUsd | None:
        """Of all attempts; None: nothing was sent, or one that was has no price."""
        if settled is None:
            return NanoUsd(0) if self._replayed else None
        if len(self._attempts) == 1:
            return settled.cost
        costs = [each.settled.cost for each in self._attempts if each.opened and each.settled is not None]
        return None if None in costs else NanoUsd(sum([cost for cost in costs if cost is not None]))

    def _ms(self, moment: float | None) -> float | None:
        return None if moment is None else round((moment - self._request.started) * 1000, 3)
