"""Recorded streams: whose tool calls come whole in one event, so that what they cost is seen when it is spent."""

from collections import defaultdict

import pytest

from headgate.providers.table import PROVIDERS
from headgate.providers.whole_calls import CALLS_COME_WHOLE
from tests.kit.reading import events
from tests.kit.recordings import chat_files, exchanges, needs_recordings

pytestmark = needs_recordings

LONG = 25
"""Characters of arguments that no provider writes in one piece by chance."""


@pytest.fixture(scope="module")
def pieces() -> dict[str, list[list[int]]]:
    """Operator -> for each recorded call the lengths of the pieces its arguments came in."""
    found: dict[str, list[list[int]]] = defaultdict(list)
    for name in chat_files():
        for exchange in exchanges(name):
            if stream := exchange.get("response_sse"):
                found[exchange["provider"]] += _calls(events(stream.encode()))
    return found


def _calls(documents: list[dict]) -> list[list[int]]:
    calls: dict[object, list[int]] = defaultdict(list)
    for document in documents:
        for choice in document.get("choices") or []:
            for call in (choice.get("delta") or {}).get("tool_calls") or []:
                if given := (call.get("function") or {}).get("arguments"):
                    calls[call.get("index"), call.get("id") if call.get("index") is None else None].append(len(given))
    return list(calls.values())


def test_an_operator_whose_long_calls_all_come_in_one_piece_is_listed(pieces: dict[str, list[list[int]]]):
    long = {name: [call for call in calls if sum(call) >= LONG] for name, calls in pieces.items()}
    whole = {name for name, calls in long.items() if calls and all(1 == len(call) for call in calls)}
    assert whole & PROVIDERS.keys() <= CALLS_COME_WHOLE
    assert {"groq", "mistral"} <= whole
