from decimal import Decimal

import pytest

from headgate.client import AIProvider, NotConfigured
from tests.kit.python_client import Both, Scripted, answered, chunks, streamed


def provider_of(*script, **options) -> tuple[AIProvider, Scripted]:
    both = Both("sync", Scripted(*script))
    return AIProvider(**({"provider": "openai", "user_id": 123} | options), client=both.client), both.gateway


def test_a_text_in_and_a_text_out_for_one_user_of_one_provider():
    provider, gateway = provider_of(answered())
    assert "Hi there" == provider.complete("Hello", model="gpt-4o", system_message="Be kind.", temperature=0.5)
    assert provider.last is not None
    assert Decimal("0.00014") == provider.last.cost
    assert [
        {
            "model": "openai/gpt-4o",
            "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello"}],
            "temperature": 0.5,
        }
    ] == gateway.bodies
    assert "123" == gateway.asked[0].headers["x-headgate-user"]


def test_a_stream_tells_its_cost_at_its_end():
    provider, _ = provider_of(streamed(chunks("Hi", " there")))
    assert ["Hi", " there"] == list(provider.stream_complete("Hello", model="gpt-4o", max_tokens=9))
    assert provider.last is not None
    assert "Hi there" == provider.last.content


@pytest.mark.parametrize(
    ("expected", "provider", "model"),
    [("gpt-4o", None, "gpt-4o"), ("openai/gpt-4o", "openai", "gpt-4o"), ("sim/small", "openai", "sim/small")],
)
def test_a_model_that_names_its_provider_keeps_it(expected: str, provider: str | None, model: str):
    asked, gateway = provider_of(answered(), provider=provider, model=model)
    asked.complete("Hello")
    assert expected == gateway.bodies[0]["model"]


def test_a_model_can_be_the_environments(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("HEADGATE_MODEL", raising=False)
    provider, gateway = provider_of(answered())
    with pytest.raises(NotConfigured, match="HEADGATE_MODEL"):
        provider.complete("Hello")
    monkeypatch.setenv("HEADGATE_MODEL", "gpt-4o-mini")
    provider.complete("Hello")
    assert "openai/gpt-4o-mini" == gateway.bodies[0]["model"]
