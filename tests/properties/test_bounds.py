"""Tight bounds hold whatever a body looks like; what is clamped fits, and one token more does not."""

import json
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from headgate.domain.formats import Format
from headgate.domain.money import NanoUsd
from headgate.domain.prices import PriceCard, Rate, Variant
from headgate.domain.usage import Unit
from headgate.pipeline.clamp import clamped
from headgate.pipeline.doors import CHAT, MESSAGES
from headgate.pipeline.intake import read_intake
from headgate.pricing.afford import MIN_CLAMPED, affordable_output
from headgate.pricing.bound import RequestShape, output_limit, shape_of, token_bound, upper_bound
from headgate.pricing.compiled import CompiledCard, compile_card
from headgate.pricing.sim_cards import sim_cards
from headgate.pricing.tight import tightened
from headgate.pricing.widening import factor_of, narrowed, widened
from headgate.providers.table import PROVIDERS

texts = st.text(st.characters(codec="utf-8"), max_size=60)
names = st.sampled_from(["openai", "anthropic", "openrouter", "together", "mistral", "vllm", "sim"])
counts = st.integers(0, 10**6)
SMALL: PriceCard = sim_cards()[0]


def text_part(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


contents = texts | st.lists(texts.map(text_part), min_size=1, max_size=3)
messages = st.lists(
    st.builds(
        lambda role, content: {"role": role, "content": content}, st.sampled_from(["user", "assistant"]), contents
    ),
    min_size=1,
    max_size=4,
)


def texts_of(conversation: list[dict[str, Any]]) -> list[str]:
    """Every text that a model reads."""
    found: list[str] = []
    for message in conversation:
        content = message["content"]
        found.extend([content] if isinstance(content, str) else [part["text"] for part in content])
    return found


@given(messages, texts, st.sampled_from([Format.OPENAI_CHAT, Format.ANTHROPIC_MESSAGES]), st.booleans(), st.booleans())
@example([{"role": "user", "content": "\\" * 60}], "", Format.OPENAI_CHAT, True, True)
def test_no_text_is_left_out_and_nothing_is_above_the_first_bound(
    conversation: list[dict[str, Any]], user: str, form: Format, ascii_only: bool, spaced: bool
):
    body = {"model": "m", "messages": conversation, "user": user}
    separators = (" , ", " : ") if spaced else (",", ":")
    raw = json.dumps(body, ensure_ascii=ascii_only, separators=separators).encode()
    fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    full = shape_of(form, fields, raw, PROVIDERS["openai"])
    tight = tightened(full, fields, form)
    read = sum(len(text.encode()) for text in texts_of(conversation))
    assert read <= tight.body_bytes <= full.body_bytes


@st.composite
def cards(draw: st.DrawFn) -> CompiledCard:
    rates = {unit: Rate(Decimal(draw(counts)).scaleb(-3)) for unit in (Unit.INPUT, Unit.OUTPUT, Unit.REQUEST)}
    variants = (Variant("fast", {Unit.OUTPUT: Rate(Decimal(draw(counts)).scaleb(-3))}),)
    limits = {"context_window": draw(st.none() | counts), "max_output": draw(st.none() | counts)}
    return compile_card(msgspec.structs.replace(SMALL, rates=rates, variants=variants, **limits))


@st.composite
def shapes(draw: st.DrawFn) -> RequestShape:
    return RequestShape(
        body_bytes=draw(counts),
        max_output_tokens=draw(st.none() | counts),
        choices=draw(st.integers(1, 4)),
        surcharge_tokens=draw(st.integers(0, 5_000)),
        predicted_tokens=draw(st.integers(0, 50)),
        service_tiers=draw(st.sampled_from([(), ("fast",)])),
    )


@given(cards(), shapes(), st.none() | st.integers(0, 10**13), st.none() | st.integers(0, 10**7))
def test_what_is_affordable_fits_and_one_token_more_does_not(
    card: CompiledCard, shape: RequestShape, room: int | None, tokens_room: int | None
):
    money = None if room is None else NanoUsd(room)

    def fits(limit: int) -> bool:
        at = msgspec.structs.replace(shape, max_output_tokens=limit)
        hold, tokens = upper_bound(card, at), token_bound(card, at)
        assert hold is not None
        assert tokens is not None
        return (money is None or hold <= money) and (tokens_room is None or tokens <= tokens_room)

    most = affordable_output(card, shape, room=money, tokens_room=tokens_room)
    limit = output_limit(card, shape)
    if most is None:
        assert (limit is not None and limit < MIN_CLAMPED) or not fits(MIN_CLAMPED)
        return
    assert MIN_CLAMPED <= most
    assert limit is None or most <= limit
    assert fits(most)
    if limit is not None and most < limit:
        assert not fits(most + 1)


@given(
    names,
    st.sampled_from([CHAT, MESSAGES]),
    st.dictionaries(st.sampled_from(["max_tokens", "max_completion_tokens"]), st.none() | st.integers(-1, 10**6)),
    st.integers(MIN_CLAMPED, 10**6),
)
def test_a_clamped_request_is_never_bounded_above_what_is_affordable(
    operator: str, door: Any, limits: dict[str, int | None], affordable: int
):
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}], **limits}).encode()
    intake = clamped(read_intake(door, body), door.format, PROVIDERS[operator], affordable)
    assert intake is not None
    shape = shape_of(door.format, intake.fields, body, PROVIDERS[operator])
    asked = [limit for limit in limits.values() if limit is not None and limit > 0]
    assert min([affordable, *asked]) == shape.max_output_tokens
    assert intake == clamped(intake, door.format, PROVIDERS[operator], affordable)


@given(st.integers(1, 10**12), st.integers(1, 10**12))
def test_a_widened_hold_covers_what_was_billed_unless_the_factor_is_at_its_end(hold: int, amount: int):
    factor = factor_of(NanoUsd(amount), NanoUsd(hold))
    if factor is None:
        assert amount <= hold
    elif amount <= 10 * hold:
        assert amount <= widened(NanoUsd(hold), factor)


@given(st.integers(0, 10**15), st.integers(1_000_000, 10_000_000))
def test_what_is_narrowed_is_the_largest_that_fits_widened(room: int, factor: int):
    fits = narrowed(NanoUsd(room), factor)
    assert widened(fits, factor) <= room < widened(NanoUsd(fits + 1), factor)
