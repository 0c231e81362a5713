import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.domain.formats import Format
from headgate.domain.usage import Usage, usage_of
from headgate.providers.table import provider
from headgate.translate.codec import Meter
from headgate.translate.meter_media import MEDIA, Asked, media_meter_for
from tests.kit.fakes import event

TOKENS = {"input_tokens": 10, "output_tokens": 1_056, "total_tokens": 1_066}


NOTHING = Asked()


def meter(form: Format, asked: Asked = NOTHING, *, operator: str = "openai", events: bool = False) -> Meter:
    return media_meter_for(form, provider(operator), asked, events=events)


def played(one: Meter, *chunks: bytes) -> bytes:
    return b"".join([*(one.feed(chunk) for chunk in chunks), one.finish()])


@pytest.mark.parametrize("form", sorted(MEDIA))
@pytest.mark.parametrize("events", [False, True])
@given(chunks=st.lists(st.binary(max_size=30), max_size=6))
def test_every_byte_passes(form: Format, events: bool, chunks: list[bytes]):
    assert b"".join(chunks) == played(meter(form, events=events), *chunks)


def test_sound_costs_what_the_request_proves_once_it_is_whole():
    one = meter(Format.OPENAI_SPEECH, Asked(usage=usage_of(character=12)))
    assert b"" == one.feed(b"RIFF")
    assert b"RIFF" == one.feed(b"more")
    assert (None, True, False) == (one.reading.usage, one.reading.has_content, one.reading.complete)
    assert b"more" == one.finish()
    assert (usage_of(character=12), True) == (one.reading.usage, one.reading.complete)


def test_sound_that_nothing_is_known_of_has_no_usage():
    one = meter(Format.OPENAI_SPEECH)
    played(one, b"RIFF")
    assert one.reading.usage is None


def images(**more: Any) -> bytes:
    return json.dumps({"created": 1, "data": [{"b64_json": "x" * 300}, {"b64_json": "y"}], **more}).encode()


def test_images_are_counted_in_the_answer_and_priced_by_what_was_asked():
    one = meter(Format.OPENAI_IMAGES, Asked(images=4, tier="hd/1024x1024"))
    raw = images()
    assert raw == played(one, raw[:100], raw[100:101], raw[101:])
    assert (usage_of(image=2), "hd/1024x1024", True) == (
        one.reading.usage,
        one.reading.service_tier,
        one.reading.complete,
    )


def test_images_that_tell_tokens_cost_tokens():
    one = meter(Format.OPENAI_IMAGE_EDITS, Asked(tier="hd/1024x1024"))
    played(one, images(usage=TOKENS))
    assert (usage_of(input=10, output_image=1_056), None) == (one.reading.usage, one.reading.service_tier)


@pytest.mark.parametrize(
    "raw", [images()[:-40], b"<html>", b'{"created":1,"data":[]}', b'{"data":[{}],"usage":{"input_tokens":"x"}}']
)
def test_images_that_cannot_be_read_have_no_usage(raw: bytes):
    one = meter(Format.OPENAI_IMAGES)
    played(one, raw)
    assert one.reading.usage is None


def read(answer: Any, *, operator: str = "openai") -> Usage | None:
    one = meter(Format.OPENAI_TRANSCRIPTIONS, operator=operator)
    one.read_body(answer if isinstance(answer, bytes) else json.dumps(answer).encode())
    assert one.reading.complete
    return one.reading.usage


def test_a_transcription_costs_what_it_tells():
    assert usage_of(audio_second=9) == read({"text": "Hi", "usage": {"type": "duration", "seconds": 9}})
    assert usage_of(audio_second=10) == read({"text": "Hi", "duration": 2.5}, operator="groq")
    assert usage_of(input_audio=7, output=3) == read(
        {"usage": {"type": "tokens", "input_tokens": 7, "output_tokens": 3, "input_token_details": {"audio_tokens": 7}}}
    )


@pytest.mark.parametrize(
    "answer", [b"Just a text.\n", b"1\n00:00:00,000 --> 00:00:01,000\nHi\n", b"[]", {"text": "Hi"}]
)
def test_a_transcription_that_tells_nothing_has_no_usage(answer: Any):
    assert read(answer) is None


STREAMS: dict[Format, tuple[list[dict[str, Any]], Usage]] = {
    Format.OPENAI_SPEECH: (
        [
            {"type": "speech.audio.delta", "audio": "UklG"},
            {"type": "speech.audio.done", "usage": {"input_tokens": 5, "output_tokens": 90, "total_tokens": 95}},
        ],
        usage_of(input=5, output_audio=90),
    ),
    Format.OPENAI_IMAGES: (
        [
            {"type": "image_generation.partial_image", "b64_json": "x", "partial_image_index": 0},
            {"type": "image_generation.completed", "b64_json": "x" * 200, "usage": TOKENS},
        ],
        usage_of(input=10, output_image=1_056),
    ),
    Format.OPENAI_IMAGE_EDITS: (
        [{"type": "image_edit.completed", "b64_json": "x", "usage": TOKENS}],
        usage_of(input=10, output_image=1_056),
    ),
    Format.OPENAI_TRANSCRIPTIONS: (
        [
            {"type": "transcript.text.delta", "delta": "Hi"},
            {
                "type": "transcript.text.done",
                "text": "Hi",
                "usage": {"type": "tokens", "input_tokens": 14, "output_tokens": 2, "total_tokens": 16},
            },
        ],
        usage_of(input=14, output=2),
    ),
}


@pytest.mark.parametrize("form", STREAMS)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_the_last_event_of_a_stream_tells_the_usage_and_ends_it(form: Format, size: int):
    documents, usage = STREAMS[form]
    raw = b"".join(event(document, document["type"]) for document in documents)
    one = meter(form, events=True)
    passed = b"".join(one.feed(raw[start : start + size]) for start in range(0, len(raw), size))
    assert raw == passed
    assert (usage, True, True, True) == (
        one.reading.usage,
        one.reading.has_content,
        one.reading.complete,
        one.reading.ended,
    )


def test_of_several_images_each_tells_its_own_and_the_last_one_ends_the_stream():
    done = event({"type": "image_generation.completed", "b64_json": "x", "usage": TOKENS})
    one = meter(Format.OPENAI_IMAGES, Asked(images=2), events=True)
    one.feed(done)
    assert not one.reading.ended
    one.feed(done)
    assert (usage_of(input=20, output_image=2_112), True) == (one.reading.usage, one.reading.ended)


def test_an_error_among_the_events_is_noticed():
    one = meter(Format.OPENAI_SPEECH, events=True)
    one.feed(event({"type": "error", "error": {"message": "Overloaded."}}))
    assert ("Overloaded.", False) == (one.reading.error, one.reading.complete)


def test_what_is_no_event_of_the_format_ends_nothing():
    one = meter(Format.OPENAI_SPEECH, events=True)
    played(one, event("not json"), event({"type": "speech.audio.delta"}), b": ping\n\n")
    assert (None, False) == (one.reading.usage, one.reading.complete)
    one.feed(event("[DONE]"))
    assert one.reading.ended


@pytest.mark.parametrize("size", [1, 5, 1_000])
def test_sound_is_unpacked_from_events_that_only_we_asked_for(size: int):
    sound = bytes(range(256)) * 3
    pieces = [sound[start : start + 100] for start in range(0, len(sound), 100)]
    raw = b"".join(event({"type": "speech.audio.delta", "audio": b64encode(piece).decode()}) for piece in pieces)
    raw += event({"type": "speech.audio.done", "usage": {"input_tokens": 5, "output_tokens": 90}})
    one = media_meter_for(Format.OPENAI_SPEECH, provider("openai"), Asked(), events=True, unpack=True)
    passed = [one.feed(raw[start : start + size]) for start in range(0, len(raw), size)]
    assert sound == b"".join(passed)
    assert (usage_of(input=5, output_audio=90), True) == (one.reading.usage, one.reading.ended)


def test_sound_whose_events_break_off_comes_out_as_far_as_it_came():
    one = media_meter_for(Format.OPENAI_SPEECH, provider("openai"), Asked(), events=True, unpack=True)
    raw = event({"type": "speech.audio.delta", "audio": "UklG"}) + event({"type": "speech.audio.delta", "audio": "%"})
    assert b"RIF" == played(one, raw)
    assert (None, False) == (one.reading.usage, one.reading.complete)
