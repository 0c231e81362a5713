"""Fill a fresh control plane through its own operations, as a worker would: run as a script by the browser tests."""

import os
import time

import msgspec

from headgate.control import setup
from headgate.domain.ids import CardId, DeploymentId, KeyId, OrganizationId, OwnerId, RequestId
from headgate.domain.money import NanoUsd
from headgate.domain.outcome import Outcome
from headgate.domain.principal import Attribution
from headgate.domain.usage import usage_of
from headgate.domain.verdict import Verdict
from headgate.ledger.postings import OwnerPosting, cost_event, orphan_event, orphan_log, request_log
from headgate.ledger.records import Logged, Sent, Settled, Tried

OWNER = OwnerId("0" * 32)
OBJECTION = Verdict(
    policy="Trial of search",
    rule="allowedTasks",
    effect="would_block",
    reason='A request without a task is blocked by policy "Trial of search". Send x-headgate-task: answer, summary.',
)
ROUTE = "answers"
OUTCOMES = [Outcome.OK, Outcome.OK, Outcome.ESTIMATED, Outcome.REJECTED, Outcome.OK]


def fill() -> None:
    setup.migrate()
    setup.bootstrap(os.environ)
    from headgate.control.keys.models import VirtualKey
    from headgate.control.ledger.operations import post, register_owner

    key = VirtualKey.objects.get()
    make_route(key)
    register_owner(OWNER, "node", "boot")
    now = time.time()
    events, logs = [], []
    for number in range(30):
        sent = make_sent(number, key, now - 60 * number)
        if number == 7:
            events.append(orphan_event(sent, now))
            logs.append(orphan_log(sent))
            continue
        settled, logged = make_end(sent, OUTCOMES[number % 5])
        logged = msgspec.structs.replace(
            logged,
            route=ROUTE,
            arm="new" if number % 3 == 0 else "mini",
            tries=tries_of(number, logged.outcome, logged.cost),
            latency_ms=logged.latency_ms + 40 * number,
        )
        events.append(cost_event(sent, settled))
        logs.append(request_log(logged))
    logs.append(request_log(refused(key, now)))
    post(
        OwnerPosting(
            owner_id=OWNER, posted_from=0, posted_to=1, low_watermark=1, events=tuple(events), logs=tuple(logs)
        )
    )


def make_route(key) -> None:
    from headgate.control.deployments.models import Deployment
    from headgate.control.routes.models import Arm, Route
    from headgate.control.routes.operations import save_route

    Deployment.objects.create(name="answers-mini", provider="openai", model="gpt-5-mini", organization=key.organization)
    route = Route(organization=key.organization, name=ROUTE, strategy="split", retries=1)
    save_route(route, [Arm(name="mini", model="answers-mini", weight=9), Arm(name="new", model="claude-sonnet-4-5")])


def tries_of(number: int, outcome: Outcome, cost: NanoUsd | None) -> tuple[Tried, ...]:
    """What a request's attempts came to; every third went elsewhere first."""
    first = Tried(
        DeploymentId("env:anthropic"), "anthropic", "claude-sonnet-4-5", Outcome.REJECTED, 529, "upstream_failed", 212.0,
        NanoUsd(0),
    )  # fmt: skip
    status, error = (200, None) if outcome is Outcome.OK else (429, "upstream_rejected")
    last = Tried(DeploymentId("env:openai"), "openai", "gpt-5-mini", outcome, status, error, 1622.5, cost)
    return (first, last) if number % 3 == 0 else (last,)


def make_sent(number: int, key, at: float) -> Sent:
    return Sent(
        request_id=RequestId(f"aigw_{int(at * 1000)}_{number:016x}"),
        attempt=1,
        at=at,
        organization_id=OrganizationId(key.organization_id),
        key_id=KeyId(key.pk),
        attribution=Attribution(user=f"user-{number % 3}", team="search"),
        endpoint="/v1/chat/completions",
        provider="openai",
        deployment_id=DeploymentId("env:openai"),
        original_model="gpt-5-mini",
        request_model="gpt-5-mini",
        card_id=CardId("openai/gpt-5-mini@always#0123"),
        hold=NanoUsd(4_000_000 + number),
        stream=number % 2 == 0,
    )


def make_end(sent: Sent, outcome: Outcome) -> tuple[Settled, Logged]:
    usage = usage_of(input=1200, cache_read=300, output=77) if outcome is Outcome.OK else None
    costs = {Outcome.OK: NanoUsd(461_500), Outcome.ESTIMATED: sent.hold, Outcome.REJECTED: NanoUsd(0)}
    error = None if outcome is Outcome.OK else "upstream_rejected"
    status = 429 if outcome is Outcome.REJECTED else 200
    settled = Settled(
        request_id=sent.request_id,
        attempt=1,
        at=sent.at + 2,
        outcome=outcome,
        usage=usage,
        cost=costs[outcome],
        card_id=sent.card_id,
        response_model="gpt-5-mini-2025-08-07",
        status=status,
        error=error,
    )
    logged = Logged(
        request_id=sent.request_id,
        at=sent.at,
        organization_id=sent.organization_id,
        key_id=sent.key_id,
        attribution=sent.attribution,
        endpoint=sent.endpoint,
        original_model=sent.original_model,
        provider=sent.provider,
        response_model=settled.response_model,
        outcome=outcome,
        status=status,
        error=error,
        message="The provider refused the request." if error else None,
        attempts=1,
        usage=usage,
        cost=settled.cost,
        stream=sent.stream,
        latency_ms=1834.5,
        upstream_ms=1830.0,
        first_content_ms=310.0 if sent.stream else None,
        prompt_sha256="ab" * 32,
        client_gone=False,
        verdicts=(OBJECTION,) if outcome is Outcome.REJECTED else (),
        clamped_to=512 if outcome is Outcome.REJECTED else None,
    )
    return settled, logged


def refused(key, at: float) -> Logged:
    return Logged(
        request_id=RequestId("aigw_1_refused"),
        at=at,
        organization_id=OrganizationId(key.organization_id),
        key_id=KeyId(key.pk),
        attribution=Attribution(),
        endpoint="/v1/messages",
        original_model="claude-unknown",
        provider=None,
        response_model=None,
        outcome=Outcome.REFUSED,
        status=404,
        error="model_not_found",
        message="No deployment serves claude-unknown.",
        attempts=0,
        usage=None,
        cost=None,
        stream=False,
        latency_ms=0.4,
        upstream_ms=None,
        first_content_ms=None,
        prompt_sha256="cd" * 32,
        client_gone=False,
    )


if __name__ == "__main__":
    fill()
