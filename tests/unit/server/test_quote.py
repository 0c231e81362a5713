import json

import msgspec
import pytest

from headgate.domain.budget import BudgetId, BudgetUnit, Period, Scope
from headgate.server.quote import serve_quote
from headgate.snapshot.contract import Budget, Calendar, Edge, ExchangeRate
from tests.kit.fakes import Rig, snapshot_of
from tests.unit.server.exchanges import BODY, HEADERS, Client, call, receiving

TOTAL = Calendar(id="total:UTC", edges=(Edge("total", 0, None),))
BUDGET = Budget(
    id=BudgetId("b"),
    organization_id=None,
    name="Everybody",
    scope=Scope.SYSTEM,
    period=Period.TOTAL,
    calendar=TOTAL.id,
    unit=BudgetUnit.MONEY,
    limit=100_000,
    hard=100_000,
)


def quoting(**changes):
    snapshot = msgspec.structs.replace(
        snapshot_of(),
        budgets=(msgspec.structs.replace(BUDGET, **changes),),
        calendars=(TOTAL,),
        exchange_rates=(ExchangeRate("EUR", "2"),),
    )
    rig = Rig(snapshot)
    quotes = rig.quotes()

    async def app(exchange):
        await serve_quote(quotes, exchange, receiving(10_000))

    return app, rig


async def ask(app, body=BODY, headers=HEADERS, method="POST"):
    client = await call(app, Client("/v1/quote", body, headers=headers, method=method))
    return client.status, json.loads(client.answer)


async def test_a_quote_tells_bound_route_and_budgets_and_leaves_no_trace():
    app, rig = quoting(limit=10_000_000, hard=10_000_000)
    status, quote = await ask(app)
    assert (200, "admit", "quote") == (status, quote["decision"], quote["object"])
    assert ["openai"] == [each["provider"] for each in quote["route"]]
    assert quote["bound"]["cost_usd"] >= quote["bound"]["tight_cost_usd"] > quote["expected"]["cost_usd"] > 0
    assert quote["expected"]["cost_usd"] == pytest.approx(2 * quote["expected"]["cost_eur"])
    (budget,) = quote["budgets"]
    assert ("Everybody", 0.01, 0, True) == (budget["name"], budget["limit"], budget["spent"], budget["fits"])
    assert [] == rig.journal.records
    assert {} == rig.store.rows


async def test_a_budget_without_room_makes_it_depend():
    app, _ = quoting()
    _, quote = await ask(app)
    assert ("depends", False) == (quote["decision"], quote["budgets"][0]["fits"])
    assert "'Everybody'" in quote["reason"]


@pytest.mark.parametrize(
    ("headers", "body", "endpoint"),
    [
        ({}, {"model": "gpt-4o", "messages": []}, "/v1/chat/completions"),
        ({"anthropic-version": "2023-06-01"}, {"model": "claude-sonnet-4-5", "messages": []}, "/v1/messages"),
        ({}, {"model": "text-embedding-3-small", "input": "a"}, "/v1/embeddings"),
        ({"x-headgate-endpoint": "/v1/messages"}, {"model": "claude-sonnet-4-5", "messages": []}, "/v1/messages"),
        (
            {"x-headgate-endpoint": "/v1beta/models/gpt-4o:streamGenerateContent?alt=sse"},
            {"contents": []},
            "/v1beta/models/{model}:streamGenerateContent",
        ),
    ],
)
async def test_the_door_is_told_by_the_body_or_by_a_header(headers: dict, body: dict, endpoint: str):
    app, _ = quoting()
    _, quote = await ask(app, json.dumps(body).encode(), {**HEADERS, **headers})
    assert endpoint == quote["endpoint"]


@pytest.mark.parametrize(
    ("headers", "body", "method", "status", "code"),
    [
        ({}, BODY, "GET", 405, "method_not_allowed"),
        ({}, b"{", "POST", 400, "invalid_json"),
        ({"x-headgate-endpoint": "/v1/nothing"}, BODY, "POST", 400, "invalid_value"),
        ({"authorization": "Bearer unknown"}, BODY, "POST", 401, "invalid_api_key"),
    ],
)
async def test_what_is_no_request_is_refused(headers, body, method, status, code):
    app, _ = quoting()
    found, error = await ask(app, body, {**HEADERS, **headers}, method)
    assert (status, code) == (found, error["error"]["code"])


async def test_a_store_that_is_away_is_said():
    app, rig = quoting()
    rig.store.away = True
    status, error = await ask(app)
    assert (503, "budget_store_unavailable") == (status, error["error"]["code"])
