import io
import json
import wave
from base64 import b64decode
from typing import Any

import httpx2
import openai
import pytest

from headgate.simulator.openai_speech import SAMPLES_PER_CHARACTER

TEXT = "What is a headgate?"


def test_the_sdk_gets_a_wave_file_as_long_as_the_text(openai_client: openai.OpenAI, bill: Any):
    answer = openai_client.audio.speech.create(model="sim/speech", voice="alloy", input=TEXT)
    with wave.open(io.BytesIO(answer.content)) as sound:
        assert len(TEXT) * SAMPLES_PER_CHARACTER == sound.getnframes()
    last = bill.last()
    assert ({"character": len(TEXT)}, len(TEXT) * 14_000, True) == (
        last["usage"],
        last["billed_nano"],
        last["completed"],
    )


def test_it_comes_in_pieces_of_unknown_number(openai_client: openai.OpenAI):
    with openai_client.audio.speech.with_streaming_response.create(
        model="speech", voice="alloy", input=TEXT * 20
    ) as answer:
        assert "content-length" not in answer.headers
        assert len(list(answer.iter_bytes(4_000))) > 10


def test_samples_may_come_without_a_header(openai_client: openai.OpenAI):
    answer = openai_client.audio.speech.create(
        model="speech", voice="alloy", input=TEXT, response_format="pcm", speed=2
    )
    assert len(TEXT) * SAMPLES_PER_CHARACTER // 2 == len(answer.content)


def test_events_carry_the_same_sound_and_the_usage(http: Any, bill: Any):
    body = {"model": "speech-tokens", "voice": "alloy", "input": TEXT}
    sound = http.post("/v1/audio/speech", json=body).content
    plain = bill.last()
    text = http.post("/v1/audio/speech", json={**body, "stream_format": "sse"}).text
    events = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]
    assert sound == b"".join(b64decode(event["audio"]) for event in events[:-1])
    assert plain["usage"] == bill.last()["usage"]
    told = events[-1]["usage"]
    assert plain["usage"] == {"input": told["input_tokens"], "output": told["output_tokens"]}


def test_a_fault_breaks_the_sound(http: Any, bill: Any):
    body = {"model": "speech", "voice": "alloy", "input": TEXT, "simulate": {"break_after": 1}}
    with pytest.raises(httpx2.RemoteProtocolError):
        http.post("/v1/audio/speech", json=body)
    assert not bill.last()["completed"]


@pytest.mark.parametrize(
    ("param", "changes"),
    [
        ("input", {"input": ""}),
        ("voice", {"voice": None}),
        ("speed", {"speed": 9}),
        ("response_format", {"response_format": "midi"}),
        ("stream_format", {"stream_format": "sse"}),
        ("model", {"model": "small"}),
    ],
)
def test_a_request_at_fault_is_refused_and_the_field_named(http: Any, param: str, changes: dict[str, Any]):
    body = {"model": "speech", "voice": "alloy", "input": TEXT, **changes}
    assert param == http.post("/v1/audio/speech", json=body).json()["error"]["param"]
