"""Images, speech and transcriptions on their way through the pipeline, on twins."""

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
from headgate.pipeline.doors import IMAGE_EDITS, IMAGES, SPEECH, TRANSCRIPTIONS, Door
from headgate.pipeline.form import Form, Part
from headgate.pipeline.media import asked_of
from headgate.pipeline.request import Reply
from headgate.pricing.compiled import compile_card
from headgate.pricing.request_shape import RequestShape
from headgate.translate.meter_media import Asked
from headgate.wire.multipart import PartHead
from tests.kit.fakes import (
    CARDS,
    MemorySpool,
    Rig,
    ScriptedAnswer,
    broke_off,
    event,
    price_card,
    read_all,
    snapshot_of,
    unreachable,
)


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
HEARS = priced("whisper-1", audio_second="100")
HEARS_BY_TOKEN = msgspec.structs.replace(
    priced("gpt-4o-transcribe", input="2", input_audio="6", output="10"), context_window=16_000
)
SOUND = {"content-type": "audio/mpeg"}
EVENTS = {"content-type": "text/event-stream"}
PNG = json.dumps({"created": 1, "data": [{"b64_json": "x" * 500}]}).encode()


def rig(**changes: Any) -> Rig:
    return Rig(snapshot_of(cards=(*CARDS, DRAWS, SPEAKS, SPEAKS_BY_TOKEN, HEARS, HEARS_BY_TOKEN)), **changes)


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


MP3 = b"\xff\xfb" + bytes(59_998)
"""A minute at the lowest bit rate."""


def uploaded(model: str = "whisper-1", content: bytes = MP3, *, field: str = "file", **texts: str) -> Form:
    fields = {"model": model, **texts}
    parts = [Part(PartHead(field, "a.mp3", "audio/mpeg"), MemorySpool(content))]
    parts += [Part(PartHead(name, None, None), MemorySpool(text.encode())) for name, text in fields.items()]
    return Form(tuple(parts), "ef" * 32, fields)


async def transcribe(one: Rig, *script: Any, form: Form, door: Door = TRANSCRIPTIONS) -> Reply:
    return await one.run(*script, body=b"", door=door, form=form)


def told(**answer: Any) -> ScriptedAnswer:
    return ScriptedAnswer(200, json.dumps({"text": "Hi", **answer}).encode())


async def test_a_transcription_is_held_at_the_longest_that_the_file_can_last_and_costs_what_it_lasted():
    one = rig()
    reply = await transcribe(one, told(usage={"type": "duration", "seconds": 9}), form=uploaded())
    assert (200, "Hi") == (reply.status, json.loads(reply.body)["text"])
    settled = one.journal.settled
    assert (60 * 100_000, 9 * 100_000, Outcome.OK) == (one.journal.sent.hold, settled.cost, settled.outcome)
    assert b"0.000900000" == headers(reply)[b"x-headgate-cost-usd"]


async def test_the_form_goes_on_with_the_model_of_the_deployment():
    one = rig()
    await transcribe(one, told(duration=1), form=uploaded("openai/whisper-1", prompt="Names"))
    (asked,) = one.upstream.asked
    assert asked.headers["content-type"].startswith("multipart/form-data; boundary=headgate-")
    assert asked.url.endswith("/audio/transcriptions")
    assert MP3 in asked.body
    assert b'name="model"\r\n\r\nwhisper-1\r\n' in asked.body
    assert b"openai/" not in asked.body
    assert "ef" * 32 == one.journal.logged.prompt_sha256


async def test_a_retry_sends_the_same_form_again():
    one = rig(retries=1)
    await transcribe(one, unreachable(), told(duration=1), form=uploaded())
    first, second = one.upstream.asked
    assert first.body == second.body
    assert 2 == one.journal.logged.attempts


async def test_subtitles_are_no_json_and_what_they_cost_is_not_known():
    one = rig()
    answer = ScriptedAnswer(200, b"1\n00:00 --> 00:01\nHi\n", headers={"content-type": "text/plain; charset=utf-8"})
    reply = await transcribe(one, answer, form=uploaded(response_format="srt"))
    assert (b"text/plain; charset=utf-8", b"1\n00:00 --> 00:01\nHi\n") == (headers(reply)[b"content-type"], reply.body)
    settled = one.journal.settled
    assert (Outcome.ESTIMATED, 6_000_000, "usage_missing") == (settled.outcome, settled.cost, settled.error)


async def test_a_model_that_bills_tokens_is_held_at_its_window():
    one = rig()
    usage = {
        "type": "tokens",
        "input_tokens": 100,
        "output_tokens": 20,
        "input_token_details": {"text_tokens": 10, "audio_tokens": 90},
    }
    await transcribe(one, told(usage=usage), form=uploaded("gpt-4o-transcribe"))
    assert 16_000 * 6_000 + 1_000 * 10_000 == one.journal.sent.hold
    assert 10 * 2_000 + 90 * 6_000 + 20 * 10_000 == one.journal.settled.cost


async def test_a_streamed_transcription_is_relayed_and_one_that_is_not_streamed_after_all_comes_whole():
    one = rig()
    done = {"type": "transcript.text.done", "text": "Hi", "usage": {"type": "tokens", "input_tokens": 4}}
    raw = event({"type": "transcript.text.delta", "delta": "Hi"}) + event(done)
    form = uploaded("gpt-4o-transcribe", stream="true")
    reply = await transcribe(one, ScriptedAnswer(200, [raw], headers=EVENTS), form=form)
    assert (b"text/event-stream", raw) == (headers(reply)[b"content-type"], await whole(reply))
    assert (8_000, True) == (one.journal.settled.cost, one.journal.logged.stream)
    one = rig()
    reply = await transcribe(one, told(duration=2), form=uploaded(stream="true"))
    assert (b"application/json", 200_000) == (headers(reply)[b"content-type"], one.journal.settled.cost)


async def test_an_image_that_is_edited_is_billed_like_one_that_is_made():
    one = rig()
    form = uploaded("dall-e-3", b"PNG", field="image", prompt="A cat", n="2")
    reply = await transcribe(one, ScriptedAnswer(200, PNG), form=form, door=IMAGE_EDITS)
    assert PNG == await whole(reply)
    assert (80_000_000, 40_000_000) == (one.journal.sent.hold, one.journal.settled.cost)
