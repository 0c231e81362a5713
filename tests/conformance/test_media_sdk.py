"""OpenAI's own SDK at the doors that are no chat: answered, and booked at what the simulated provider bills."""

import io
import json
import os
import wave
from base64 import b64decode
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from tests.kit.clients import client
from tests.kit.gateway import GatewayProcess
from tests.kit.media import COSTS, FORMS, GOOD, SPEECH, TRANSCRIPTIONS, TRANSLATIONS, ask, sound
from tests.kit.simulator import bill, knobs

UPLOAD_BYTES = 30_000_000
pytestmark = pytest.mark.timeout(180)


def booked(gateway: GatewayProcess, request_id: str, *, estimated: bool = False) -> int:
    """The amount of a request, which is what the provider bills, or where that is not known no less."""
    event = gateway.cost_event(request_id)
    (billed,) = [entry["billed_nano"] for entry in bill(gateway) if entry["request_id"] == request_id]
    assert bool(event["estimated"]) == estimated
    assert event["amount_nano"] >= billed if estimated else event["amount_nano"] == billed
    assert event["amount_nano"] <= event["hold_nano"]
    return int(event["amount_nano"])


@pytest.mark.parametrize("path", GOOD)
def test_every_door_answers_and_books_what_is_billed(gateway: GatewayProcess, path: str) -> None:
    answer = ask(gateway, path)
    assert answer.status == 200
    assert booked(gateway, answer.headers["x-request-id"]) == COSTS[path]
    log = gateway.request_log(answer.headers["x-request-id"])
    assert (log["endpoint"], log["outcome"], log["cost_nano"]) == (path, "ok", COSTS[path])


@client("openai", door="/v1/completions", feature="create, stream")
@pytest.mark.parametrize("model", ["sim/small", "chat-small"])
def test_a_text_completion_streams_what_it_says_whole(
    gateway: GatewayProcess, openai_client: openai.OpenAI, model: str
) -> None:
    raw = openai_client.completions.with_raw_response.create(model=model, prompt="Once upon", n=2, max_tokens=20)
    whole = raw.parse()
    booked(gateway, raw.headers["x-request-id"])
    streamed = openai_client.completions.with_raw_response.create(
        model=model, prompt="Once upon", n=2, max_tokens=20, stream=True
    )
    chunks = list(streamed.parse())
    for index, choice in enumerate(whole.choices):
        assert choice.text == "".join(one.text for chunk in chunks for one in chunk.choices if one.index == index)
    assert [chunk.usage for chunk in chunks if chunk.usage] == []
    booked(gateway, streamed.headers["x-request-id"])


@client("openai", door="/v1/completions", feature="usage of a stream")
def test_usage_of_a_streamed_text_completion_is_shown_to_those_who_ask(openai_client: openai.OpenAI) -> None:
    chunks = list(
        openai_client.completions.create(
            model="sim/small", prompt="Once", stream=True, stream_options={"include_usage": True}
        )
    )
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 16


@client("openai", door="/v1/moderations", feature="moderate")
def test_moderation_is_free(gateway: GatewayProcess, openai_client: openai.OpenAI) -> None:
    raw = openai_client.moderations.with_raw_response.create(model="sim/moderate", input=["Hello", "I kill you"])
    assert [result.flagged for result in raw.parse().results] == [False, True]
    assert raw.headers["x-headgate-cost-usd"] == "0.000000000"
    assert booked(gateway, raw.headers["x-request-id"]) == 0


@client("openai", door="/v1/images/generations", feature="generate")
@pytest.mark.parametrize("model", ["sim/image", "sim/image-tokens", "chat-image"])
def test_images_are_made(gateway: GatewayProcess, openai_client: openai.OpenAI, model: str) -> None:
    raw = openai_client.images.with_raw_response.generate(model=model, prompt="A cat", n=2, size="512x512")
    data = raw.parse().data
    assert data is not None
    assert [b64decode(image.b64_json or "")[:4] for image in data] == [b"\x89PNG"] * 2
    assert booked(gateway, raw.headers["x-request-id"]) > 0


@client("openai", door="/v1/images/generations", feature="partial images")
def test_images_are_streamed(gateway: GatewayProcess, openai_client: openai.OpenAI) -> None:
    raw = openai_client.images.with_raw_response.generate(
        model="sim/image-tokens", prompt="A cat", quality="low", stream=True, partial_images=2
    )
    events = [event.type for event in raw.parse()]
    assert events == ["image_generation.partial_image"] * 2 + ["image_generation.completed"]
    booked(gateway, raw.headers["x-request-id"])


@client("openai", door="/v1/images/edits", feature="edit several")
@pytest.mark.parametrize("model", ["sim/image", "sim/image-tokens"])
def test_images_are_edited(gateway: GatewayProcess, openai_client: openai.OpenAI, model: str) -> None:
    given = [("a.png", b"one"), ("b.png", b"two")]
    raw = openai_client.images.with_raw_response.edit(model=model, image=given, prompt="A cat", size="512x512")
    assert len(raw.parse().data or ()) == 1
    booked(gateway, raw.headers["x-request-id"])


@client("openai", door="/v1/audio/speech", feature="speech as it comes")
@pytest.mark.parametrize("model", ["sim/speech", "sim/speech-tokens", "chat-speech", "chat-speech-tokens"])
def test_speech_is_streamed_as_it_comes(gateway: GatewayProcess, openai_client: openai.OpenAI, model: str) -> None:
    text = "What is a headgate? " * 40
    with openai_client.audio.speech.with_streaming_response.create(
        model=model, voice="alloy", input=text, response_format="wav"
    ) as answer:
        assert answer.headers["content-type"] == "audio/wav"
        chunks = list(answer.iter_bytes())
    assert len(chunks) > 3
    with wave.open(io.BytesIO(b"".join(chunks))) as read:
        assert read.getnframes() == len(text) * 480
    booked(gateway, answer.headers["x-request-id"])


def test_speech_may_be_read_as_events(gateway: GatewayProcess) -> None:
    answer = ask(gateway, SPEECH, model="sim/speech-tokens", stream_format="sse")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert b"speech.audio.done" in answer.body
    booked(gateway, answer.headers["x-request-id"])


def test_speech_that_breaks_off_is_booked_at_its_hold(gateway: GatewayProcess) -> None:
    with knobs(gateway, break_after=2):
        answer = ask(gateway, SPEECH, input="What is a headgate? " * 40)
    assert answer.status == 200
    booked(gateway, answer.headers["x-request-id"], estimated=True)


def test_an_answer_of_known_length_that_breaks_off_is_seen_to_be_broken(gateway: GatewayProcess) -> None:
    with knobs(gateway, break_after=1), pytest.raises(httpx2.RemoteProtocolError):
        ask(gateway, "/v1/images/generations", size="1024x1024")


def test_a_client_that_hangs_up_pays_for_all_that_was_spoken(gateway: GatewayProcess) -> None:
    body = {**GOOD[SPEECH], "input": "What is a headgate? " * 100, "simulate": {"tokens_per_second": 1_000}}
    headers = {"authorization": f"Bearer {gateway.key}"}
    with httpx2.stream("POST", gateway.url + SPEECH, json=body, headers=headers) as answer:
        next(answer.iter_raw())
        request_id = answer.headers["x-request-id"]
    assert booked(gateway, request_id) == 2_000 * 14_000


@client("openai", door="/v1/audio/transcriptions", feature="transcribe")
@pytest.mark.parametrize("model", ["sim/transcribe", "sim/transcribe-tokens", "chat-transcribe"])
def test_sound_is_written_down(gateway: GatewayProcess, openai_client: openai.OpenAI, model: str) -> None:
    raw = openai_client.audio.transcriptions.with_raw_response.create(
        model=model, file=("a.wav", sound(4.2)), prompt="Headgate"
    )
    assert raw.parse().text.endswith(".")
    assert "x-headgate-cost-usd" in raw.headers
    booked(gateway, raw.headers["x-request-id"])


@client("openai", door="/v1/audio/transcriptions", feature="stream")
def test_a_transcription_is_streamed(gateway: GatewayProcess, openai_client: openai.OpenAI) -> None:
    raw = openai_client.audio.transcriptions.with_raw_response.create(
        model="sim/transcribe-tokens", file=("a.wav", sound(4.2)), stream=True
    )
    events = list(raw.parse())
    assert events[-1].type == "transcript.text.done"
    assert events[-1].text == "".join(event.delta for event in events if event.type == "transcript.text.delta")
    booked(gateway, raw.headers["x-request-id"])


@pytest.mark.parametrize("path", [TRANSCRIPTIONS, TRANSLATIONS])
@pytest.mark.parametrize("form", ["text", "srt", "vtt"])
def test_subtitles_say_nothing_of_their_cost_and_are_booked_at_the_hold(
    gateway: GatewayProcess, path: str, form: str
) -> None:
    answer = ask(gateway, path, response_format=form)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    booked(gateway, answer.headers["x-request-id"], estimated=True)


def test_the_model_may_come_after_the_file_or_before_it(gateway: GatewayProcess) -> None:
    headers = {"authorization": f"Bearer {gateway.key}", "content-type": "multipart/form-data; boundary=e"}
    model = b'--e\r\nContent-Disposition: form-data; name="model"\r\n\r\nsim/transcribe\r\n'
    file = b'--e\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n%s\r\n' % sound(1)
    texts = {
        httpx2.post(gateway.url + TRANSCRIPTIONS, headers=headers, content=body + b"--e--\r\n").json()["text"]
        for body in (model + file, file + model)
    }
    assert len(texts) == 1


@pytest.mark.parametrize("path", GOOD)
def test_an_answer_with_an_idempotency_key_is_given_again_byte_for_byte(gateway: GatewayProcess, path: str) -> None:
    first, second = (ask(gateway, path, headers={"idempotency-key": f"again:{path}"}) for _ in range(2))
    assert (first.status, second.headers.get("x-headgate-idempotent-replay")) == (200, "true")
    assert (first.body, first.headers["content-type"]) == (second.body, second.headers["content-type"])
    assert second.headers["x-headgate-cost-usd"] == "0"


def test_the_same_form_with_the_same_idempotency_key_is_answered_once(gateway: GatewayProcess) -> None:
    first, second = (ask(gateway, TRANSCRIPTIONS, headers={"idempotency-key": "tape-1"}) for _ in range(2))
    assert (first.status, second.headers["x-headgate-idempotent-replay"]) == (200, "true")
    assert first.body == second.body
    other = ask(gateway, TRANSCRIPTIONS, headers={"idempotency-key": "tape-1"}, prompt="another")
    assert other.status == 409


def resident(pid: int, field: str) -> int:
    """Bytes of memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1]) * 1024


@client("openai", door="/v1/audio/transcriptions", feature="large uploads")
def test_a_large_upload_is_never_in_memory_as_a_whole(gateway: GatewayProcess, openai_client: openai.OpenAI) -> None:
    (pid,) = gateway.pids("gateway")
    openai_client.audio.transcriptions.create(model="sim/transcribe", file=("a.wav", sound(1)))
    before = resident(pid, "VmRSS")
    # The peak begins anew.
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
    raw = openai_client.audio.transcriptions.with_raw_response.create(
        model="sim/transcribe", file=("a.mp3", os.urandom(UPLOAD_BYTES))
    )
    grown = resident(pid, "VmHWM") - before
    print(f"{UPLOAD_BYTES:,} bytes uploaded, {grown:,} bytes more memory at the most")
    assert grown < UPLOAD_BYTES // 3
    assert booked(gateway, raw.headers["x-request-id"]) == UPLOAD_BYTES // 16_000 * 90_000


@pytest.mark.parametrize("path", GOOD)
def test_a_quote_tells_what_a_call_would_hold(gateway: GatewayProcess, path: str) -> None:
    fields = GOOD[path]
    headers = {"authorization": f"Bearer {gateway.key}", "x-headgate-endpoint": path}
    if path in FORMS:
        files = {name: tuple(value) for name, value in fields.items() if isinstance(value, tuple)}
        data = {name: value for name, value in fields.items() if not isinstance(value, tuple)}
        answer = httpx2.post(f"{gateway.url}/v1/quote", headers=headers, files=files, data=data)
    else:
        answer = httpx2.post(f"{gateway.url}/v1/quote", headers=headers, json=fields)
    quote: dict[str, Any] = json.loads(answer.content)
    assert (quote["decision"], quote["endpoint"]) == ("admit", path)
    assert quote["bound"]["cost_usd"] * 1e9 >= COSTS[path]
