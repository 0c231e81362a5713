import json
from typing import Any

import httpx2
import pytest

SMALL = "/tgi/small"


def ask(
    http: httpx2.Client, path: str = f"{SMALL}/generate", simulate: Any = None, **parameters: Any
) -> httpx2.Response:
    inputs = "Tell me about ships, please."
    return http.post(path, json={"inputs": inputs, "parameters": parameters, "simulate": simulate})


def events(http: httpx2.Client, **fields: Any) -> list[dict[str, Any]]:
    blocks = ask(http, f"{SMALL}/generate_stream", **fields).text.split("\n\n")
    return [json.loads(block.removeprefix("data:")) for block in blocks[:-1]]


@pytest.mark.parametrize("parameters", [{}, {"max_new_tokens": 3}, {"stop": ["."]}])
def test_the_tokens_are_the_text_of_the_whole_answer(http: httpx2.Client, bill: Any, parameters: dict[str, Any]):
    whole = ask(http, decoder_input_details=True, **parameters).json()
    told = events(http, **parameters)
    text = "".join(event["token"]["text"] for event in told if not event["token"]["special"])
    assert whole["generated_text"] == text == told[-1]["generated_text"]
    assert [None] * (len(told) - 1) == [event["generated_text"] for event in told[:-1]]
    details, last = whole["details"], told[-1]["details"]
    assert details["finish_reason"] == last["finish_reason"]
    assert (len(details["prefill"]), details["generated_tokens"]) == (last["input_length"], last["generated_tokens"])
    for entry in bill.entries():
        assert (last["input_length"], len(told) - 1) == (entry["usage"]["input"], entry["usage"]["output"])


def test_a_server_of_one_model_serves_the_free_one(http: httpx2.Client, bill: Any):
    assert 200 == ask(http, "/generate").status_code
    assert 200 == ask(http, "/generate_stream").status_code
    assert [("open", 0), ("open", 0)] == [(entry["model"], entry["billed_nano"]) for entry in bill.entries()]


@pytest.mark.parametrize("fields", [{"details": False}, {"simulate": {"no_usage": True}}])
def test_details_may_be_left_out(http: httpx2.Client, fields: dict[str, Any]):
    assert "details" not in ask(http, **fields).json()
    assert events(http, **fields)[-1]["details"] is None


def test_a_stream_that_fails_ends_with_an_error(http: httpx2.Client, bill: Any):
    assert {"error", "error_type"} == set(events(http, simulate={"error_event_after": 2})[-1])
    assert not bill.last()["completed"]


def test_an_error_is_a_text_and_a_kind(http: httpx2.Client):
    refused = ask(http, temperature=0)
    assert (400, "validation") == (refused.status_code, refused.json()["error_type"])
