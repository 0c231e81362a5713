"""Journal records and price cards for tests, with everything that a test does not care about filled in."""

from decimal import Decimal
from typing import Any

import msgspec

from headgate.domain.ids import CardId, DeploymentId, KeyId, OrganizationId, RequestId
from headgate.domain.money import NanoUsd
from headgate.domain.outcome import Outcome
from headgate.domain.prices import Match, PriceCard, Rate
from headgate.domain.principal import Attribution
from headgate.domain.usage import Unit, usage_of
from headgate.ledger.records import Logged, Sent, Settled

NOON = 1_767_268_800.0
"""2026-01-01 12:00 UTC."""


def sent(**changes: Any) -> Sent:
    whole = Sent(
        request_id=RequestId("aigw_1_a"),
        attempt=1,
        at=NOON,
        organization_id=OrganizationId("0" * 32),
        key_id=KeyId("1" * 32),
        attribution=Attribution(user="u1", team="t1", project="p1", app="a1", client="c1", agent="g1", task="k1"),
        endpoint="/v1/messages",
        provider="anthropic",
        deployment_id=DeploymentId("env:anthropic"),
        original_model="claude",
        request_model="claude-sonnet-4-5",
        card_id=CardId("anthropic/claude@always#1"),
        hold=NanoUsd(9_000),
        stream=True,
    )
    return msgspec.structs.replace(whole, **changes)


def settled(**changes: Any) -> Settled:
    whole = Settled(
        request_id=RequestId("aigw_1_a"),
        attempt=1,
        at=NOON + 3,
        outcome=Outcome.OK,
        usage=usage_of(input=10, cache_read=5, output=7),
        cost=NanoUsd(1_234),
        card_id=CardId("anthropic/claude@always#2"),
        unpriced_units=("web_search",),
        response_model="claude-sonnet-4-5-20250929",
        service_tier="priority",
        reported_cost=Decimal("0.000001234"),
        upstream_request_id="req_1",
        status=200,
    )
    return msgspec.structs.replace(whole, **changes)


def logged(**changes: Any) -> Logged:
    whole = Logged(
        request_id=RequestId("aigw_1_a"),
        at=NOON - 1,
        organization_id=OrganizationId("0" * 32),
        key_id=KeyId("1" * 32),
        attribution=Attribution(team="t1"),
        endpoint="/v1/messages",
        original_model="claude",
        provider="anthropic",
        response_model="claude-sonnet-4-5-20250929",
        outcome=Outcome.OK,
        status=200,
        error=None,
        message=None,
        attempts=1,
        usage=usage_of(input=10, cache_read=5, output=7),
        cost=NanoUsd(1_234),
        stream=True,
        latency_ms=120.5,
        upstream_ms=100.25,
        first_content_ms=30.0,
        prompt_sha256="ab" * 32,
        client_gone=False,
    )
    return msgspec.structs.replace(whole, **changes)


def card(**changes: Any) -> PriceCard:
    whole = PriceCard(
        id=CardId("openai/gpt@always#1"),
        provider="openai",
        model="gpt",
        match=Match(equals="gpt"),
        rates={Unit.INPUT: Rate(price=Decimal("0.25")), Unit.OUTPUT: Rate(price=Decimal("2.000000000001"))},
        source="genai-prices 1",
    )
    return msgspec.structs.replace(whole, **changes)
