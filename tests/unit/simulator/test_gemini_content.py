import json
from typing import Any

import pytest

from headgate.simulator.answer import Call, Choice, Finish
from headgate.simulator.ask import Ask
from headgate.simulator.gemini_content import render_gemini, render_gemini_error, script_gemini
from headgate.simulator.gemini_reading import GeminiAsk
from headgate.simulator.knobs import NO_KNOBS
from headgate.simulator.models import MODELS
from headgate.simulator.prices import Counts
from headgate.simulator.refusals import Refusal

COUNTS = Counts(input=6, cache_read=2, output=3, output_reasoning=1)
UNIQUE = "0123456789abcdef" * 2


def asked(*, shows_thoughts: bool = True, **changes: Any) -> GeminiAsk:
    fields: dict[str, Any] = {"reasoning_tokens": 1, "choices": 1, "stream": False, "include_usage": True} | changes
    ask = Ask(
        model=MODELS["small"], model_name="small", seed=1, prompt_tokens=8, last_user_text="hi", user_spoke_last=True,
        tools=(), must_call=False, may_call=True, schema=None, stop=(), max_tokens=None,
        knobs=fields.pop("knobs", NO_KNOBS), **fields,
    )  # fmt: skip
    return GeminiAsk(ask=ask, shows_thoughts=shows_thoughts)


def choice(**fields: Any) -> Choice:
    given: dict[str, Any] = {"text": "Boats.", "calls": (), "finish": Finish.END, "reasoning": "Hm."} | fields
    return Choice(**given)


def parts(body: bytes) -> list[dict[str, Any]]:
    return json.loads(body)["candidates"][0]["content"]["parts"]


def test_thoughts_come_first_and_only_for_who_asked():
    body = render_gemini(asked(), [choice()], COUNTS, unique=UNIQUE)
    assert [{"text": "Hm.", "thought": True}, {"text": "Boats."}] == parts(body)
    hidden = render_gemini(asked(shows_thoughts=False), [choice()], COUNTS, unique=UNIQUE)
    assert [{"text": "Boats."}] == parts(hidden)


def test_usage_is_in_googles_figures():
    usage = json.loads(render_gemini(asked(), [choice()], COUNTS, unique=UNIQUE))["usageMetadata"]
    figures = {name: value for name, value in usage.items() if isinstance(value, int)}
    assert {
        "promptTokenCount": 8,
        "cachedContentTokenCount": 2,
        "candidatesTokenCount": 3,
        "thoughtsTokenCount": 1,
        "totalTokenCount": 12,
    } == figures


def test_a_stream_is_events_or_one_array():
    for as_array in (False, True):
        script = script_gemini(asked(), [choice()], COUNTS, unique=UNIQUE, as_array=as_array)
        written = script.opening + b"".join(piece.data for piece in script.pieces) + script.closing
        if as_array:
            told = json.loads(written)[1:]
        else:
            told = [json.loads(event.removeprefix(b"data: ")) for event in written.split(b"\r\n\r\n")[:-1]]
        texts = [part["text"] for event in told for part in event["candidates"][0]["content"]["parts"]]
        assert "Hm.Boats." == "".join(texts)
        assert "STOP" == told[-1]["candidates"][0]["finishReason"]
        assert 12 == told[-1]["usageMetadata"]["totalTokenCount"]


def test_a_call_that_was_cut_is_not_there():
    whole, cut = Call(name="f", arguments='{"a":1}'), Call(name="g", arguments='{"a"', whole=False)
    body = render_gemini(asked(), [choice(text="", calls=(whole, cut), finish=Finish.LENGTH)], COUNTS, unique=UNIQUE)
    calls = [part["functionCall"] for part in parts(body) if "functionCall" in part]
    assert [("f", {"a": 1})] == [(call["name"], call["args"]) for call in calls]
    assert "MAX_TOKENS" == json.loads(body)["candidates"][0]["finishReason"]


@pytest.mark.parametrize(("status", "word"), [(429, "RESOURCE_EXHAUSTED"), (503, "UNAVAILABLE"), (529, "UNAVAILABLE")])
def test_an_error_is_in_googles_envelope(status: int, word: str):
    error = json.loads(render_gemini_error(Refusal(status, "no")))["error"]
    assert {"code": status, "message": "no", "status": word} == error
