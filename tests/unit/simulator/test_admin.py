from typing import Any

import httpx2
import pytest

QUESTION = {"model": "echo", "messages": [{"role": "user", "content": "eight ch"}]}
"""Eight tokens in (three for the prompt, three for the message, two of text), two out."""


def ask(http: httpx2.Client, **fields: Any) -> httpx2.Response:
    headers = {"x-request-id": fields.pop("request_id", "r"), "x-headgate-attempt": "2"}
    return http.post("/v1/chat/completions", json={**QUESTION, **fields}, headers=headers)


def test_the_bill_lists_what_was_charged(http: httpx2.Client, bill: Any):
    ask(http, request_id="aigw_1_a")
    entry = bill.last()
    sequence = entry.pop("sequence")
    expected = {
        "request_id": "aigw_1_a",
        "attempt": "2",
        "model": "echo",
        "endpoint": "/v1/chat/completions",
        "status": 200,
        "stream": False,
        "usage": {"input": 8, "output": 2},
        "billed_nano": 8 * 110 + 2 * 370,
        "completed": True,
    }
    assert expected == entry
    assert sequence > 0


def test_the_bill_is_read_on_from_a_sequence(http: httpx2.Client, bill: Any):
    for name in "abc":
        ask(http, request_id=name)
    first = bill.entries()[0]["sequence"]
    page = http.get("/_simulator/bill", params={"after": first, "limit": 1}).json()
    assert ["b"] == [entry["request_id"] for entry in page]


def test_the_total_is_the_sum_of_the_entries(http: httpx2.Client, bill: Any):
    for _ in range(3):
        ask(http)
    ask(http, model="huge")
    total = bill.total()
    last = total.pop("last_sequence")
    expected = {
        "entries": 4,
        "accepted": 3,
        "completed": 3,
        "dropped": 0,
        "billed_nano": 3 * (8 * 110 + 2 * 370),
        "usage": {"input": 24, "output": 6},
    }
    assert expected == total
    assert bill.last()["sequence"] == last


def test_an_emptied_bill_is_empty(http: httpx2.Client, bill: Any):
    ask(http)
    assert 0 == http.delete("/_simulator/bill").json()["entries"]
    assert [] == bill.entries()


def test_a_reader_may_wait_for_the_next_entry(http: httpx2.Client, bill: Any):
    assert [] == http.get("/_simulator/bill", params={"wait_ms": 1, "after": bill.total()["last_sequence"]}).json()
    ask(http)
    assert 1 == len(http.get("/_simulator/bill", params={"wait_ms": 20_000}).json())


def test_knobs_of_the_process_are_replaced_shown_and_reset(http: httpx2.Client):
    assert {"output_tokens": 3} == http.post("/_simulator/knobs", json={"output_tokens": 3}).json()
    assert {"output_tokens": 3} == http.get("/_simulator/knobs").json()
    assert 3 == ask(http).json()["usage"]["completion_tokens"]
    assert 1 == ask(http, simulate={"output_tokens": 1}).json()["usage"]["completion_tokens"]
    assert {} == http.delete("/_simulator/knobs").json()
    assert 2 == ask(http).json()["usage"]["completion_tokens"]


def test_a_header_sets_knobs_too(http: httpx2.Client):
    answer = http.post("/v1/chat/completions", json=QUESTION, headers={"x-simulate": '{"output_tokens": 5}'})
    assert 5 == answer.json()["usage"]["completion_tokens"]


@pytest.mark.parametrize(
    ("status", "method", "path", "body"),
    [
        (400, "POST", "/_simulator/knobs", b'{"fast": true}'),
        (400, "POST", "/_simulator/knobs", b"{"),
        (400, "GET", "/_simulator/bill?after=-1", b""),
        (400, "GET", "/_simulator/bill?limit=x", b""),
        (404, "PUT", "/_simulator/bill", b""),
        (404, "GET", "/_simulator/secrets", b""),
    ],
)
def test_what_cannot_be_read_is_refused(http: httpx2.Client, status: int, method: str, path: str, body: bytes):
    assert status == http.request(method, path, content=body).status_code
