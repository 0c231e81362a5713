"""Every recorded request: what is held for it, from the request alone, is at least what its answer cost.

Run with `-s` for the table of how much larger: it decides how many requests run at once near a limit.
"""

import json
from statistics import median
from typing import NamedTuple

import msgspec
import pytest

from headgate.domain.formats import Format
from headgate.domain.money import NanoUsd, nano_to_usd
from headgate.pricing.book import PriceBook
from headgate.pricing.bound import input_bound, token_bound, upper_bound
from headgate.pricing.compiled import CompiledCard
from headgate.pricing.request_shape import RequestShape
from headgate.pricing.seed import seed_cards
from headgate.pricing.shape import shape_of
from headgate.pricing.tight import tightened
from headgate.providers.families import family_of, searches_by_itself
from headgate.providers.table import PROVIDERS
from headgate.translate.codec import UntranslatableError
from headgate.translate.registry import codec_for
from tests.kit.metered import Metered, answered_at, metered_exchanges
from tests.kit.recorded_natives import NATIVE_FILES, asked
from tests.kit.recordings import needs_recordings

pytestmark = needs_recordings

OVER_THE_HOLD: dict[str, str] = {}
"""Exchange -> why its answer cost more than was held. None does."""

UNBOUNDED = {
    "pydantic-ai/tests/models/cassettes/test_openrouter/test_openrouter_web_search_annotations.yaml#0": (
        "searches, whose fee the model's card lacks: refused under a budget"
    ),
    "otel-js/packages/instrumentation-openai/test/mock-responses/openai-responses-records-code-interpreter-calls.json#0": (
        "runs code, whose fee the model's card lacks: refused under a budget"
    ),
    "otel-js/packages/instrumentation-openai/test/mock-responses/"
    "openai-responses-records-code-interpreter-calls-with-outputs.json#0": (
        "runs code, whose fee the model's card lacks: refused under a budget"
    ),
    "otel-js/packages/instrumentation-openai/test/mock-responses/openai-responses-records-image-generation-call.json#0": (
        "draws, whose fee the model's card lacks: refused under a budget"
    ),
}
"""Exchange -> why no amount can be held for it."""


OVER_THE_INPUT = {
    "rig/tests/cassettes/ollama/structured_output/raw_with_thinking.yaml#0": (
        "Ollama thinks first, then reads its thoughts as a part of the prompt to answer under a schema"
    ),
}
"""Exchange -> why more input was counted than the request can be."""


class Held(NamedTuple):
    """What is known of one exchange before it leaves, and what came of it."""

    read: Metered
    card: CompiledCard
    """Of the model that was asked for."""
    shape: RequestShape
    tight: RequestShape
    cost: NanoUsd

    @property
    def id(self) -> str:
        return self.read.exchange["id"]


@pytest.fixture(scope="module")
def metered() -> list[Metered]:
    """Exchanges whose request is as it was on the wire."""
    return [
        read
        for read in metered_exchanges(PriceBook(seed_cards()), responses=True)
        if read.exchange["request"] and read.exchange["fidelity"].startswith("wire") and can_be_asked(read)
    ]


def can_be_asked(read: Metered) -> bool:
    """Whether there is a door for it: documents beside the conversation, say, are Cohere's own."""
    if read.format not in NATIVE_FILES:
        return True
    try:
        asked(read.format, read.exchange["request"])
    except UntranslatableError:
        return False
    return True


@pytest.fixture(scope="module")
def held(metered: list[Metered]) -> list[Held]:
    """Those of them that a budget may admit: the model has a price."""
    book = PriceBook(seed_cards())
    return [found for read in metered if (found := held_exchange(read, book))]


def held_exchange(read: Metered, book: PriceBook) -> Held | None:
    card = book.card_for(
        provider=PROVIDERS[read.operator].price_provider,
        model=read.exchange["request"].get("model") or read.reading.response_model or "",
        organization_id=None,
        at=answered_at(read.exchange),
    )
    if card is None or read.priced is None or card.free:
        return None
    return Held(read, card, *shapes(read), read.priced.amount)


def shapes(read: Metered) -> tuple[RequestShape, RequestShape]:
    """(as the first bound has it, as the tight one has it)."""
    body, format_ = at_its_door(read)
    fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    shape = shape_of(format_, fields, body, PROVIDERS[read.operator])
    return shape, tightened(shape, fields, format_)


def at_its_door(read: Metered) -> tuple[bytes, Format]:
    """The request as it was recorded; of a format without a door, as a chat client would have written it."""
    request = read.exchange["request"]
    if read.format not in NATIVE_FILES:
        return json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode(), read.format
    conversation = asked(read.format, request)
    written = codec_for(Format.OPENAI_CHAT).render_request(conversation, model=request["model"], default_max_tokens=1)
    return written, Format.OPENAI_CHAT


def test_enough_requests_are_held_against_their_answers(held: list[Held]):
    assert 1_450 <= len(held)
    assert {
        Format.OPENAI_CHAT,
        Format.OPENAI_EMBEDDINGS,
        Format.ANTHROPIC_MESSAGES,
        Format.GEMINI,
        Format.OPENAI_RESPONSES,
    } <= {one.read.format for one in held}


@pytest.mark.parametrize("which", ["full", "tight"])
def test_the_hold_is_at_least_what_the_answer_cost(which: str, held: list[Held]):
    over = set()
    for one in held:
        hold = upper_bound(one.card, one.shape if which == "full" else one.tight)
        if hold is not None and hold < one.cost:
            over.add(one.id)
    assert OVER_THE_HOLD.keys() == over


def test_the_hold_is_at_least_what_the_operator_says_it_charged(held: list[Held]):
    compared, over = 0, []
    for one in held:
        hold, charged = upper_bound(one.card, one.tight), one.read.reading.reported_cost
        if hold is not None and charged is not None:
            compared += 1
            if nano_to_usd(hold) < charged:
                over.append((one.id, nano_to_usd(hold), charged))
    assert [] == over
    assert 60 <= compared


def test_only_what_is_listed_cannot_be_bounded(held: list[Held]):
    assert UNBOUNDED.keys() == {one.id for one in held if upper_bound(one.card, one.shape) is None}


def test_tokens_are_never_more_than_their_bound(held: list[Held]):
    over = []
    for one in held:
        bound = token_bound(one.card, one.tight)
        if bound is not None and bound < one.read.usage.total_tokens:
            over.append((one.id, bound, one.read.usage.total_tokens))
    assert [] == over


def test_the_input_alone_is_never_more_than_its_bound(metered: list[Metered]):
    """Also of models without a price, and without the help of a context window."""
    over, compared = [], 0
    card = msgspec.structs.replace(seed_card(), context_window=None)
    for read in metered:
        model = read.reading.response_model or read.exchange["request"].get("model") or ""
        shape, tight = shapes(read)
        image_tokens = family_of(model).image_tokens
        if shape.refers_outside or searches_by_itself(model) or (shape.images and image_tokens is None):
            continue
        compared += 1
        bound = input_bound(msgspec.structs.replace(card, image_tokens=image_tokens), tight)
        assert bound is not None
        if read.usage.prompt_tokens > bound:
            over.append(read.exchange["id"])
    assert OVER_THE_INPUT.keys() == set(over)
    assert 1_000 <= compared


def seed_card() -> CompiledCard:
    card = PriceBook(seed_cards()).card_for(
        provider="sim", model="sim/small", organization_id=None, at=answered_at({"recorded_at": "2026-01-01"})
    )
    assert card is not None
    return card


def test_how_much_larger_the_holds_are(held: list[Held]):
    rows: dict[str, list[tuple[float, float, float]]] = {}
    limited: list[float] = []
    for one in held:
        full, tight = upper_bound(one.card, one.shape), upper_bound(one.card, one.tight)
        if full is None or tight is None or not one.cost:
            continue
        assert tight <= full
        row = (full / one.cost, tight / one.cost, full / tight)
        for name in (one.read.operator, "all"):
            rows.setdefault(name, []).append(row)
        if one.shape.max_output_tokens is not None:
            limited.append(tight / one.cost)
    print("operator | exchanges | median full/cost | median tight/cost | median and largest full/tight")
    for name, found in sorted(rows.items()):
        full_to_cost, tight_to_cost, full_to_tight = zip(*found, strict=True)
        ratios = f"{median(full_to_cost):.1f} | {median(tight_to_cost):.1f} | {median(full_to_tight):.3f}"
        print(f"{name} | {len(found)} | {ratios} | {max(full_to_tight):.2f}")
    inputs = [(input_bound(one.card, one.shape) or 0, input_bound(one.card, one.tight) or 0) for one in held]
    print(f"input alone: median full/tight {median(full / tight for full, tight in inputs if tight):.3f}")
    print(f"with a limit in the request: {len(limited)}, median tight/cost {median(limited):.1f}")
    assert len(rows["all"]) == len(held) - len(UNBOUNDED)
