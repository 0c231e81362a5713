from typing import Any

import openai
import pytest

from headgate.simulator.openai_transcription import BYTES_PER_SECOND
from headgate.simulator.sound import RATE, tone, wave_header

SOUND = wave_header(3 * RATE) + tone(1, 3 * RATE)
FILE = ("a.wav", SOUND)


def test_seconds_are_billed_and_told(openai_client: openai.OpenAI, bill: Any):
    answer = openai_client.audio.transcriptions.create(model="sim/transcribe", file=FILE)
    assert answer.text.endswith(".")
    assert answer.usage is not None
    assert ("duration", 3) == (answer.usage.type, answer.usage.seconds)
    assert ({"audio_second": 3}, 3 * 90_000) == (bill.last()["usage"], bill.last()["billed_nano"])


def test_tokens_are_billed_and_told_where_the_model_counts_them(openai_client: openai.OpenAI, bill: Any):
    answer = openai_client.audio.transcriptions.create(model="transcribe-tokens", file=FILE, prompt="Headgate")
    usage = answer.usage
    assert usage is not None
    assert usage.type == "tokens"
    assert {"input": 2, "input_audio": 30, "output": usage.output_tokens} == bill.last()["usage"]
    assert usage.input_tokens == 32


def test_a_stream_says_what_the_whole_answer_says(openai_client: openai.OpenAI, bill: Any):
    whole = openai_client.audio.transcriptions.create(model="transcribe-tokens", file=FILE)
    counted = bill.last()["usage"]
    events = list(openai_client.audio.transcriptions.create(model="transcribe-tokens", file=FILE, stream=True))
    assert whole.text == "".join(event.delta for event in events if event.type == "transcript.text.delta")
    assert "transcript.text.done" == events[-1].type
    assert counted == bill.last()["usage"]


@pytest.mark.parametrize(
    ("form", "start"), [("text", "The "), ("srt", "1\n00:00:00,000 --> 00:00:03,000\n"), ("vtt", "WEBVTT\n\n")]
)
def test_texts_and_subtitles_tell_nothing_of_their_cost(openai_client: openai.OpenAI, form: Any, start: str):
    answer = openai_client.audio.transcriptions.create(model="transcribe", file=FILE, response_format=form)
    text: Any = answer
    assert text.startswith(start) or form == "text"


def test_the_verbose_form_tells_the_duration(openai_client: openai.OpenAI):
    answer = openai_client.audio.transcriptions.create(model="transcribe", file=FILE, response_format="verbose_json")
    assert 2.5 == float(answer.duration)


def test_a_translation_is_the_same_here(http: Any, bill: Any):
    http.post("/v1/audio/translations", files={"file": FILE}, data={"model": "transcribe"}).raise_for_status()
    assert "/v1/audio/translations" == bill.last()["endpoint"]


def test_another_file_is_as_long_as_its_size_tells(http: Any, bill: Any):
    files = {"file": ("a.mp3", b"x" * (2 * BYTES_PER_SECOND + 1))}
    http.post("/v1/audio/transcriptions", files=files, data={"model": "transcribe"}).raise_for_status()
    assert {"audio_second": 3} == bill.last()["usage"]


@pytest.mark.parametrize(
    ("param", "files", "data"),
    [
        ("file", {"other": b"x"}, {"model": "transcribe"}),
        ("file", {"file": b""}, {"model": "transcribe"}),
        ("file", {"file": b"x" * BYTES_PER_SECOND * 2_000}, {"model": "transcribe-tokens"}),
        ("model", {"file": b"x"}, {}),
        ("model", {"file": b"x"}, {"model": "small"}),
        ("response_format", {"file": b"x"}, {"model": "transcribe", "response_format": "pdf"}),
    ],
)
def test_a_request_at_fault_is_refused_and_the_field_named(http: Any, param: str, files: Any, data: Any):
    answer = http.post("/v1/audio/transcriptions", files=files, data=data)
    assert param == answer.json()["error"]["param"]


def test_usage_may_be_left_out(http: Any):
    data = {"model": "transcribe", "simulate": '{"no_usage": true}'}
    assert "usage" not in http.post("/v1/audio/transcriptions", files={"file": SOUND}, data=data).json()
