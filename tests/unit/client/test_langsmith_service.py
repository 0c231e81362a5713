from decimal import Decimal

import httpx2
import pytest

from headgate.client import Headgate, NotConfigured, create_trace, langsmith_service
from headgate.client.langsmith_service import get_system_analytics, get_user_analytics, track_cost
from tests.kit.python_client import Both, Scripted, answered, completion

STANDING = b'{"blocked": false, "daily_spend": 0.25, "monthly_spend": 3.50, "daily_limit": 5}'


def client_of(*script) -> tuple[Headgate, Scripted]:
    both = Both("sync", Scripted(*script))
    return both.client, both.gateway


def test_the_record_of_a_trace_has_the_seeds_fields():
    client, gateway = client_of(answered(), answered(), httpx2.Response(200, content=STANDING))
    with create_trace("feature", user_id=123):
        client.generate_text(model="m", messages="Hi")
        client.generate_text(model="m", messages="Ho")
        record = track_cost(client=client)
    assert {
        "cost_usd": Decimal("0.00028"),
        "prompt_tokens": 200,
        "completion_tokens": 20,
        "total_tokens": 220,
        "daily_spend": Decimal("0.25"),
        "monthly_spend": Decimal("3.50"),
        "limit_exceeded": False,
    } == record
    assert "user_id=123" in str(gateway.asked[-1].url)


def test_the_record_of_one_call():
    client, gateway = client_of(
        answered(completion(usage=None), x_headgate_receipt='{"cost_usd": null}'),
        httpx2.Response(200, content=STANDING),
    )
    record = track_cost(client.generate_text(model="m", messages="Hi"), client=client)
    assert (None, None, Decimal("0.25")) == (record["cost_usd"], record["total_tokens"], record["daily_spend"])
    assert "user_id" not in str(gateway.asked[-1].url)


def test_without_either_there_is_nothing_to_tell():
    with pytest.raises(NotConfigured, match="create_trace"):
        track_cost()


def test_analytics_by_the_seeds_names(monkeypatch: pytest.MonkeyPatch):
    client, gateway = client_of(*[httpx2.Response(200, content=b'{"total_cost_usd": 1.5}') for _ in range(2)])
    monkeypatch.setattr(langsmith_service, "default_client", lambda: client)
    assert {"total_cost_usd": Decimal("1.5")} == get_user_analytics(user_id=123, days=30)
    assert {"total_cost_usd": Decimal("1.5")} == get_system_analytics(days=7)
    assert ["user/?user_id=123&days=30", "system/?days=7"] == [
        str(request.url).partition("/analytics/")[2] for request in gateway.asked
    ]
