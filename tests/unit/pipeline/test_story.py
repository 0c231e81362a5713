import pytest

from headgate.domain.errors import (
    Fault,
    GatewayError,
    NotFound,
    UpstreamBroken,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from headgate.domain.outcome import Outcome
from headgate.ledger.records import Logged
from headgate.pipeline.story import MAX_MESSAGE_CHARS, Story
from tests.kit.fakes import PRINCIPAL, Rig


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
def story(rig: Rig) -> Story:
    request = rig.request()
    return Story(request, PRINCIPAL, request.attribution, rig.journal, rig.clock)


@pytest.mark.parametrize(
    ("error", "outcome", "status", "code"),
    [
        (NotFound("No.", code="model_not_found"), Outcome.REFUSED, 404, "model_not_found"),
        (UpstreamUnreachable("No.", provider="p", unbilled=True), Outcome.UNREACHED, 502, "upstream_unreachable"),
        (UpstreamTimeout("No.", provider="p", unbilled=False), Outcome.ESTIMATED, 504, "upstream_timeout"),
        (UpstreamBroken("No.", provider="p", unbilled=False), Outcome.ESTIMATED, 502, "upstream_broken"),
        (
            UpstreamRejected("No.", provider="p", unbilled=True, status=429, body=b""),
            Outcome.REJECTED,
            429,
            "upstream_rejected",
        ),
        (Fault("No."), Outcome.FAULT, 500, "internal_error"),
    ],
)
def test_an_error_ends_a_request_as_what_it_was(
    rig: Rig, story: Story, error: GatewayError, outcome: Outcome, status: int, code: str
):
    story.end_with(error)
    logged = rig.journal.logged
    assert (outcome, status, code, "No.") == (logged.outcome, logged.status, logged.error, logged.message)


def test_only_the_first_end_is_told(rig: Rig, story: Story):
    story.end_with(NotFound("No.", code="model_not_found"))
    story.end(status=200)
    story.end_with(Fault("later"))
    assert [404] == [record.status for record in rig.journal.of(Logged)]


def test_without_an_attempt_nothing_was_spent_and_nothing_is_settled(rig: Rig, story: Story):
    story.end_with(NotFound("No.", code="c"))
    logged = rig.journal.logged
    assert (0, None, None, None, None, False) == (
        logged.attempts,
        logged.cost,
        logged.usage,
        logged.provider,
        logged.original_model,
        logged.stream,
    )


def test_how_long_it_took_is_measured_from_the_first_byte(rig: Rig, story: Story):
    rig.clock.advance(0.5)
    story.answered()
    assert not story.has_content
    rig.clock.advance(0.25)
    story.content_seen()
    assert story.has_content
    rig.clock.advance(1)
    story.end(status=200)
    logged = rig.journal.logged
    assert (500.0, 750.0, 1750.0) == (logged.upstream_ms, logged.first_content_ms, logged.latency_ms)


def test_a_long_message_is_cut(rig: Rig, story: Story):
    story.end_with(Fault("x" * 10_000))
    assert MAX_MESSAGE_CHARS == len(rig.journal.logged.message)


def test_a_log_row_that_does_not_fit_is_lost_without_a_word(rig: Rig, story: Story):
    rig.journal.full = True
    story.end_with(NotFound("No.", code="c"))
    assert [] == rig.journal.records
