"""The example in the documents is what a gateway says and books, figure by figure."""

import json
import re

from tests.docs.tree import ROOT
from tests.kit.doors import CHAT, post
from tests.kit.gateway import GatewayProcess

QUOTE_PAGE = (ROOT / "docs" / "reference" / "quote.md").read_text(encoding="utf-8")
MONEY_PAGE = (ROOT / "docs" / "explanation" / "money.md").read_text(encoding="utf-8")


def documented_body() -> bytes:
    """The request of the page about quotes, which the example of the page about money also is."""
    found = re.search(r"-d '(\{.*?\})'\n", QUOTE_PAGE)
    assert found is not None
    return found.group(1).encode()


def test_the_quote_in_the_documents_is_what_the_gateway_answers(gateway: GatewayProcess) -> None:
    found = re.search(r"```json\n(\{.*?\})\n```", QUOTE_PAGE, re.DOTALL)
    assert found is not None
    documented = json.loads(found.group(1))
    told = json.loads(post(gateway, "/v1/quote", documented_body()).body)
    for field in ("object", "endpoint", "model", "decision", "reason", "route", "bound", "policies"):
        assert told[field] == documented[field], field
    assert told["expected"].items() >= documented["expected"].items()
    assert told.keys() == documented.keys()
    assert told["budgets"][0].keys() == documented["budgets"][0].keys()
    assert told["budgets"][0]["need"] == documented["budgets"][0]["need"]


def test_the_call_of_the_example_is_held_and_booked_as_documented(gateway: GatewayProcess) -> None:
    answer = post(gateway, CHAT, documented_body())
    assert answer.status == 200, answer.body
    event = gateway.cost_event(answer.headers["x-request-id"])
    hold, cost = event["hold_nano"], event["amount_nano"]
    assert f"The request: {len(documented_body())} bytes" in MONEY_PAGE
    assert f"The hold is 357,750 + 786,000 = {hold:,} nano-USD" in MONEY_PAGE
    assert f"{event['prompt_tokens']} tokens in, {event['completion_tokens']} out, {cost:,}." in MONEY_PAGE
    assert f"A returns the other {hold - cost:,}," in MONEY_PAGE
    assert f"| {2 * cost:,} | 0 | {2_000_000 - 2 * cost:,} |" in MONEY_PAGE
