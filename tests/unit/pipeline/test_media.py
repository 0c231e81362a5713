"""Images and speech on their way through the pipeline, on twins."""

import json
from base64 import b64encode
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from headgate.domain.outcome import Outcome
from headgate.domain.prices import Rate, Variant
from headgate.domain.usage import Unit, usage_of
from headgate.ledger.records import Logged, Settled
from headgate.pipeline.doors import IMAGES, SPEECH
from headgate.pipeline.media import asked_of
from headgate.pipeline.request import Reply
from headgate.pricing.compiled import compile_card
from headgate.pricing.request_shape import RequestShape
from headgate.translate.meter_media import Asked
from tests.kit.fakes import CARDS, Rig, ScriptedAnswer, broke_off, event, price_card, read_all, snapshot_of


def priced(model: str, **rates: str) -> Any:
    return price_card(
        "openai", model, rates={Unit(unit): Rate(Decimal(price)) for unit, price in rates.items()}, context_window=None
    )


DRAWS = msgspec.structs.replace(
    priced("dall-e-3", image="120000"),
    variants=(Variant("standard/1024x1024", {Unit.IMAGE: Rate(Decimal(40_000))}),),
)
SPEAKS = priced("tts-1", character="15")
SPEAKS_BY_TOKEN = priced("gpt-4o-mini-tts", input="1", output="12")
SOUND = {"content-type": "audio/mpeg"}
EVENTS = {"content-type": "text/event-stream"}
PNG = json.dumps({"created": 1, "data": [{"b64_json": "x" * 500}]}).encode()


def rig() -> Rig:
    return Rig(snapshot_of(cards=(*CARDS, DRAWS, SPEAKS, SPEAKS_BY_TOKEN)))


def speak(model: str = "tts-1", **more: Any) -> dict[str, Any]:
    return {"model": model, "input": "Hällo", "voice": "alloy", **more}


async def whole(reply: Reply) -> bytes:
    return await read_all(reply)


def headers(reply: Reply) -> dict[bytes, bytes]:
    return dict(reply.headers)


async def test_sound_passes_as_it_comes_with_its_own_type_and_costs_its_characters():
    one = rig()
    reply = await one.run(ScriptedAnswer(200, [b"ID3", b"more", b"end"], headers=SOUND), body=speak(), door=SPEECH)
    assert (b"audio/mpeg", False) == (headers(reply)[b"content-type"], b"content-length" in headers(reply))
    assert b"ID3moreend" == await whole(reply)
    settled = one.journal.settled
    assert (Outcome.OK, 5 * 15_000, usage_of(character=5)) == (settled.outcome, settled.cost, settled.usage)
    assert (False, False) == (one.journal.sent.stream, one.journal.logged.stream)


async def test_it_is_on_record_before_its_last_bytes():
    one = rig()
    reply = await one.run(ScriptedAnswer(200, [b"ID3", b"end"], headers=SOUND), body=speak(), door=SPEECH)
    assert reply.stream is not None
    async for chunk in reply.stream:
        if b"end" in chunk:
            assert (1, 1) == (len(one.journal.of(Settled)), len(one.journal.of(Logged)))
    assert 1 == len(one.journal.of(Settled))


async def test_sound_that_breaks_off_is_booked_at_its_hold_and_nothing_is_added_to_it():
    one = rig()
    reply = await one.run(
        ScriptedAnswer(200, [b"ID3", b"more"], headers=SOUND, error=broke_off()), body=speak(), door=SPEECH
    )
    assert b"ID3" == await whole(reply)
    settled = one.journal.settled
    assert (Outcome.ESTIMATED, "upstream_broken", 75_000) == (settled.outcome, settled.error, settled.cost)


async def test_a_length_that_the_provider_told_is_told_so_that_a_client_sees_where_it_breaks():
    one = rig()
    answer = ScriptedAnswer(200, [PNG[:90], PNG[90:]], headers={"content-length": str(len(PNG))})
    reply = await one.run(answer, body={"model": "dall-e-3", "prompt": "A cat"}, door=IMAGES)
    assert (str(len(PNG)).encode(), b"application/json") == (
        headers(reply)[b"content-length"],
        headers(reply)[b"content-type"],
    )
    assert PNG == await whole(reply)
    settled = one.journal.settled
    assert (40_000_000, "standard/1024x1024", usage_of(image=1)) == (settled.cost, settled.service_tier, settled.usage)


async def test_a_size_without_a_price_costs_what_the_dearest_does():
    one = rig()
    body = {"model": "dall-e-3", "prompt": "A cat", "quality": "hd", "n": 1}
    reply = await one.run(ScriptedAnswer(200, PNG), body=body, door=IMAGES)
    await whole(reply)
    assert (120_000_000, 120_000_000) == (one.journal.settled.cost, one.journal.sent.hold)


async def test_images_are_held_at_their_number_and_billed_as_they_came():
    one = rig()
    reply = await one.run(ScriptedAnswer(200, PNG), body={"model": "dall-e-3", "prompt": "A", "n": 3}, door=IMAGES)
    await whole(reply)
    assert (120_000_000, 40_000_000) == (one.journal.sent.hold, one.journal.settled.cost)


def spoken_events(*pieces: bytes) -> bytes:
    events = [event({"type": "speech.audio.delta", "audio": b64encode(piece).decode()}) for piece in pieces]
    done = {"type": "speech.audio.done", "usage": {"input_tokens": 3, "output_tokens": 100, "total_tokens": 103}}
    return b"".join([*events, event(done)])


async def test_speech_that_is_billed_by_tokens_is_asked_for_as_events_which_the_caller_does_not_see():
    one = rig()
    answer = ScriptedAnswer(200, [spoken_events(b"RIFF", b"wave")], headers=EVENTS)
    reply = await one.run(answer, body=speak("gpt-4o-mini-tts", response_format="wav"), door=SPEECH)
    assert "sse" == one.upstream.asked[0].document["stream_format"]
    assert b"audio/wav" == headers(reply)[b"content-type"]
    assert b"RIFFwave" == await whole(reply)
    settled = one.journal.settled
    assert (3 * 1_000 + 100 * 12_000, Outcome.OK) == (settled.cost, settled.outcome)
    assert one.journal.sent.hold is not None
    assert settled.cost <= one.journal.sent.hold


async def test_where_it_comes_as_sound_all_the_same_its_cost_is_not_known():
    one = rig()
    reply = await one.run(ScriptedAnswer(200, b"ID3", headers=SOUND), body=speak("gpt-4o-mini-tts"), door=SPEECH)
    assert (b"audio/mpeg", b"ID3") == (headers(reply)[b"content-type"], await whole(reply))
    settled = one.journal.settled
    assert (Outcome.ESTIMATED, one.journal.sent.hold, "usage_missing") == (
        settled.outcome,
        settled.cost,
        settled.error,
    )


async def test_a_caller_who_asks_for_events_gets_them():
    one = rig()
    raw = spoken_events(b"RIFF")
    body = speak("gpt-4o-mini-tts", stream_format="sse")
    reply = await one.run(ScriptedAnswer(200, [raw], headers=EVENTS), body=body, door=SPEECH)
    assert (b"text/event-stream", raw) == (headers(reply)[b"content-type"], await whole(reply))
    assert one.journal.logged.stream


async def test_events_that_break_off_say_so():
    one = rig()
    raw = spoken_events(b"RIFF")[:60]
    answer = ScriptedAnswer(200, [raw], headers=EVENTS, error=broke_off())
    reply = await one.run(answer, body=speak("gpt-4o-mini-tts", stream_format="sse"), door=SPEECH)
    assert b'data: {"error"' in await whole(reply)


async def test_a_refusal_of_the_provider_is_the_callers():
    one = rig()
    refusal = b'{"error":{"message":"No such voice.","type":"invalid_request_error"}}'
    reply = await one.run(ScriptedAnswer(400, refusal), body=speak(), door=SPEECH)
    assert (400, refusal, 0) == (reply.status, reply.body, one.journal.settled.cost)


CHARACTERS = RequestShape(body_bytes=9, counted=((Unit.CHARACTER, 5),))


@pytest.mark.parametrize(
    ("expected", "card"),
    [(usage_of(character=5), SPEAKS), (None, SPEAKS_BY_TOKEN), (usage_of(character=5), None)],
)
def test_characters_prove_the_cost_where_they_are_billed(expected: Any, card: Any):
    assert expected == asked_of(compile_card(card) if card else None, CHARACTERS).usage


def test_without_a_shape_nothing_is_known():
    assert Asked() == asked_of(None, None)
