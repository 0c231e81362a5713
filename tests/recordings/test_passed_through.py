"""Recorded exchanges of formats that are never translated, through a running gateway: the same bytes, and their cost.

Each leaves one cost event: usage x card where the provider said what it used, the hold where it did not, no amount where
there is no card. `pytest -s` prints the table.
"""

import collections
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest

from headgate.domain.usage import Unit, Usage
from headgate.pipeline.tariff import FREE_ENDPOINT
from headgate.pricing.book import PriceBook
from headgate.pricing.price import price
from headgate.pricing.seed import seed_cards
from headgate.providers.table import PROVIDERS
from tests.kit.gateway import GatewayProcess, wait_until
from tests.kit.recordings import exchanges, needs_recordings
from tests.kit.replay import ReplayUpstream, scripted

pytestmark = [needs_recordings, pytest.mark.timeout(300)]

BOOK = PriceBook(seed_cards())
COMPLETIONS, MODERATIONS, RERANK, COHERE = "/v1/completions", "/v1/moderations", "/v1/rerank", "/v2/chat"
GOOGLE = "/v1beta/models/"
"""Model and action follow; they are the recorded ones."""
FILES = {
    "openai.completions": COMPLETIONS,
    "azure_openai.completions": COMPLETIONS,
    "vllm.completions": COMPLETIONS,
    "tgi.completions": COMPLETIONS,
    "together.completions": COMPLETIONS,
    "writer.completions": COMPLETIONS,
    "openai.moderations": MODERATIONS,
    "cohere.rerank": RERANK,
    "cohere.v2_chat": COHERE,
    "voyage.rerank": RERANK,
    "llamacpp.rerank": RERANK,
    "gemini.countTokens": GOOGLE,
    "gemini.embedContent": GOOGLE,
    "vertex.countTokens": GOOGLE,
    "vertex.embedContent": GOOGLE,
}
PLAIN: dict[str, dict[str, Any]] = {
    COMPLETIONS: {"prompt": "Hello", "max_tokens": 64},
    RERANK: {"query": "hello", "documents": ["one", "two"]},
    COHERE: {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 64},
    GOOGLE: {"content": {"parts": [{"text": "Hello"}]}},
}
"""A request that fits an answer whose own was not kept."""
CANNOT = {
    "/v1/organization/usage/moderations": "a report about moderations, at an address that is no door",
}
NO_BUDGETS = {"AI_MONTHLY_SPEND_LIMIT_USD": "none", "AI_USER_DAILY_SPEND_LIMIT_USD": "none"}


class Row(NamedTuple):
    """One exchange that went through."""

    exchange: str
    request_id: str
    provider: str
    model: str


@pytest.fixture(scope="module")
def upstream() -> Iterator[ReplayUpstream]:
    with ReplayUpstream() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, upstream: ReplayUpstream) -> Iterator[GatewayProcess]:
    data_dir: Path = tmp_path_factory.mktemp("passed") / "data"
    operators = sorted({operator_of({"provider": name.split(".")[0]}) for name in FILES})
    with GatewayProcess(data_dir, environ=NO_BUDGETS) as running:
        running.control(
            "from headgate.control.deployments.models import Deployment\n"
            "from headgate.control.organizations.models import Organization\n"
            "from headgate.control.organizations.operations import save_organization\n"
            "from headgate.control.publication.operations import publishing\n"
            "organization = Organization.objects.get()\n"
            "organization.unpriced_allowed = True\n"
            "save_organization(organization)\n"
            "with publishing():\n"
            f"    for name in {operators!r}:\n"
            f"        Deployment(name='*', provider=name, base_url='{upstream.url}').save()\n"
        )
        running.wait_for_revision(running.revision())
        yield running


def operator_of(exchange: dict[str, Any]) -> str:
    """Vertex asks for a token of Google's own before it is asked anything: Gemini stands in for it."""
    provider: str = exchange["provider"]
    return "gemini" if provider == "vertex" else provider


def model_of(exchange: dict[str, Any], path: str, request: dict[str, Any]) -> str:
    if path == GOOGLE:
        return exchange["url_path"].rpartition("/")[2].partition(":")[0]
    return request.get("model", "omni-moderation-latest")


def asked(exchange: dict[str, Any], path: str) -> dict[str, Any]:
    request: dict[str, Any] = dict(exchange["request"] or PLAIN[path])
    if path == GOOGLE:
        return request
    streamed = "response_sse" in exchange
    if streamed or request.get("stream"):
        request["stream"] = streamed
    if streamed and exchange["request"] is None:
        request["stream_options"] = {"include_usage": True}
    if path != MODERATIONS and not request.get("model"):
        request["model"] = exchange.get("model") or "unnamed"
    return request


def post(
    gateway: GatewayProcess, upstream: ReplayUpstream, exchange: dict[str, Any], path: str
) -> tuple[dict[str, Any], httpx2.Response]:
    request = asked(exchange, path)
    provider = operator_of(exchange)
    upstream.script = scripted(exchange)
    upstream.asked.clear()
    headers = {"authorization": f"Bearer {gateway.key}"}
    if path == GOOGLE:
        action = exchange["url_path"].rpartition(":")[2]
        at = f"{gateway.url}{GOOGLE}{provider}/{model_of(exchange, path, request)}:{action}"
        return request, httpx2.post(at, json=request, headers=headers, timeout=30)
    body = {**request, "model": f"{provider}/{request['model']}"} if "model" in request else request
    return request, httpx2.post(gateway.url + path, json=body, headers=headers, timeout=30)


def difference(upstream: ReplayUpstream, exchange: dict[str, Any], request: dict[str, Any], answer: Any) -> str | None:
    if not upstream.asked:
        return f"never sent: {answer.status_code} {answer.text[:300]}"
    sent = json.loads(upstream.asked[0].body)
    if "stream_options" not in request:
        sent.pop("stream_options", None)
    named = {} if "/models/" in upstream.asked[0].path else {"model": "omni-moderation-latest"}
    if sent != named | request:
        return f"the upstream was asked something else: {sent}"
    expected = upstream.script.body
    if exchange["request"] is not None and "stream_options" not in request:
        expected = without_usage(expected)
    if (answer.status_code, answer.content) != (exchange["status"], expected):
        return f"status {answer.status_code}, {len(answer.content)} bytes instead of {len(expected)}"
    return None


def without_usage(body: bytes) -> bytes:
    """The event that carries nothing but usage was asked for by us."""
    blocks = body.split(b"\n\n")
    return b"\n\n".join(block for block in blocks if b'"choices":[]' not in block or b'"usage":{' not in block)


def wrong_cost(event: dict[str, Any], row: Row) -> str | None:
    at = dt.datetime.fromisoformat(event["occurred_at"]).replace(tzinfo=dt.UTC)
    operator = PROVIDERS[row.provider].price_provider
    names = [name for name in (event["response_model"], row.model) if name]
    found = [BOOK.card_for(provider=operator, model=name, organization_id=None, at=at) for name in names]
    card = next((each for each in found if each is not None), None)
    if event["card_id"] == FREE_ENDPOINT:
        return None if event["amount_nano"] == 0 else "an amount for what is free"
    if event["estimated"]:
        return None if event["amount_nano"] == event["hold_nano"] else "an estimate is not the hold"
    if card is None:
        return None if event["amount_nano"] is None else f"no card, yet booked as {event['amount_nano']}"
    if event["quantities"] is None:
        return None if card.free and event["amount_nano"] == 0 else "an amount without usage"
    usage = Usage({Unit(name): count for name, count in json.loads(event["quantities"]).items()})
    expected = price(card, usage, event["service_tier"]).amount
    if event["hold_nano"] is not None and event["amount_nano"] > event["hold_nano"]:
        return f"booked {event['amount_nano']}, held {event['hold_nano']}"
    return None if event["amount_nano"] == expected else f"booked {event['amount_nano']}, usage x card is {expected}"


@pytest.mark.parametrize("name", FILES)
def test_recorded_exchanges_pass_byte_for_byte_at_usage_times_card(
    name: str, gateway: GatewayProcess, upstream: ReplayUpstream
) -> None:
    path = FILES[name]
    failed: dict[str, str] = {}
    cannot: collections.Counter[str] = collections.Counter()
    rows: list[Row] = []
    refused = 0
    for exchange in exchanges(name):
        if reason := CANNOT.get(exchange["url_path"]):
            cannot[reason] += 1
            continue
        request, answer = post(gateway, upstream, exchange, path)
        if wrong := difference(upstream, exchange, request, answer):
            failed[exchange["id"]] = wrong
        elif answer.status_code >= 400:
            refused += 1
        else:
            request_id, model = answer.headers["x-request-id"], model_of(exchange, path, request)
            rows.append(Row(exchange["id"], request_id, operator_of(exchange), model))
    booked: collections.Counter[str] = collections.Counter()
    for row in rows:
        event = wait_until(
            lambda row=row: gateway.rows("SELECT * FROM headgate_cost_event WHERE request_id = ?", row.request_id),
            what="its cost event",
        )[0]
        if wrong := wrong_cost(event, row):
            failed[row.exchange] = wrong
        booked[f"estimated ({event['error']})" if event["estimated"] else _how(event)] += 1
    print(f"\n{name}: {len(rows)} answered, {refused} refused by the provider, {sum(cannot.values())} cannot")
    for how, count in [*booked.most_common(), *cannot.most_common()]:
        print(f"  {count:3} {how}")
    assert {} == failed


def _how(event: dict[str, Any]) -> str:
    if event["amount_nano"] is None:
        return "no card: no amount"
    return "usage x card" if event["amount_nano"] else "free"
