from typing import Any

import openai
import pytest

PROMPT = "Once upon a time"


def test_the_sdk_gets_a_text_of_sixteen_tokens_unless_it_says_otherwise(openai_client: openai.OpenAI, bill: Any):
    answer = openai_client.completions.create(model="sim/small", prompt=PROMPT)
    assert ("text_completion", "sim/small", "length") == (
        answer.object,
        answer.model,
        answer.choices[0].finish_reason,
    )
    assert answer.usage is not None
    assert (4, 16, 20) == (
        answer.usage.prompt_tokens,
        answer.usage.completion_tokens,
        answer.usage.total_tokens,
    )
    assert {"input": 4, "output": 16} == bill.last()["usage"]
    assert 4 * 230 + 16 * 890 == bill.last()["billed_nano"]


def test_a_stream_says_what_the_whole_answer_says(openai_client: openai.OpenAI, bill: Any):
    whole = openai_client.completions.create(model="small", prompt=PROMPT, max_tokens=30, n=2)
    chunks = list(
        openai_client.completions.create(
            model="small", prompt=PROMPT, max_tokens=30, n=2, stream=True, stream_options={"include_usage": True}
        )
    )
    for index, choice in enumerate(whole.choices):
        texts = [one.text for chunk in chunks for one in chunk.choices if one.index == index]
        assert choice.text == "".join(texts)
    assert chunks[-1].usage == whole.usage
    assert bill.last()["usage"] == bill.entries()[-2]["usage"]


def test_every_prompt_is_answered_and_every_attempt_at_it_billed(openai_client: openai.OpenAI, bill: Any):
    answer = openai_client.completions.create(model="small", prompt=["one", "two"], n=1, best_of=3, max_tokens=5)
    assert [0, 1] == [choice.index for choice in answer.choices]
    assert {"input": 2, "output": 2 * 3 * 5} == bill.last()["usage"]


def test_an_echo_is_shown_and_not_billed_again(openai_client: openai.OpenAI, bill: Any):
    answer = openai_client.completions.create(model="small", prompt=PROMPT, echo=True, max_tokens=3)
    assert answer.choices[0].text.startswith(PROMPT)
    assert {"input": 4, "output": 3} == bill.last()["usage"]


def test_tokens_may_be_given_in_place_of_a_text(openai_client: openai.OpenAI, bill: Any):
    openai_client.completions.create(model="small", prompt=[1, 2, 3], max_tokens=1)
    assert {"input": 3, "output": 1} == bill.last()["usage"]


@pytest.mark.parametrize(
    ("param", "fields"),
    [
        ("prompt", {}),
        ("prompt", {"prompt": []}),
        ("prompt", {"prompt": [1, "two"]}),
        ("max_tokens", {"prompt": "x", "max_tokens": -1}),
        ("n", {"prompt": "x", "n": 0}),
        ("best_of", {"prompt": "x", "best_of": 2, "stream": True}),
        ("model", {"prompt": "x", "model": "embed"}),
    ],
)
def test_a_request_at_fault_is_refused_and_the_field_named(http: Any, param: str, fields: dict[str, Any]):
    answer = http.post("/v1/completions", json={"model": "small", **fields})
    assert param == answer.json()["error"]["param"]
    assert answer.status_code in {400, 404}


def test_faults_and_missing_usage(http: Any, bill: Any):
    body = {"model": "small", "prompt": PROMPT, "stream": True, "simulate": {"error_event_after": 2}}
    assert '"error"' in http.post("/v1/completions", json=body).text
    assert {"input": 4, "output": 2} == bill.last()["usage"]
    body = {"model": "small", "prompt": PROMPT, "simulate": {"no_usage": True}}
    assert "usage" not in http.post("/v1/completions", json=body).json()
