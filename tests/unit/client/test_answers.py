import itertools
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.client import AnswerUnreadable, StreamBroken, Usage
from headgate.client.answers import Reading, parse_receipt
from headgate.client.requests import Outgoing
from tests.kit.python_client import HEADERS, RECEIPT, StoppedMachine, chunks, completion

CALL = Outgoing("POST", "/v1/chat/completions", {}, b"", 1.0)


def reading(**headers: str) -> Reading:
    machine = StoppedMachine().machine()
    return Reading(
        CALL, HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}, began=0.0, machine=machine
    )


def fold(pieces: list[bytes]):
    read = reading()
    texts = [text for piece in pieces for text in read.feed(piece)]
    read.finish()
    return texts, read.result()


def test_a_whole_answer_is_the_fold_of_the_streamed_one():
    texts, streamed = fold(chunks("Hi", " there"))
    assert reading(x_headgate_receipt=RECEIPT.decode()).whole(completion("Hi there")) == streamed
    assert ["Hi", " there"] == texts


@given(st.lists(st.integers(0, 2000)))
def test_cutting_the_bytes_anywhere_changes_nothing(cuts: list[int]):
    body = b"".join(chunks("Hü", " 中 there"))
    edges = sorted({min(cut, len(body)) for cut in cuts} | {0, len(body)})
    pieces = [body[start:end] for start, end in itertools.pairwise(edges)]
    assert fold([body]) == fold(pieces)


def test_without_a_receipt_the_cost_is_in_the_headers():
    answer = reading(x_headgate_cost_usd="0.000000001", x_headgate_attempts="3").whole(completion())
    assert (Decimal("0.000000001"), 3, {}) == (answer.cost, answer.attempts, answer.costs)


@pytest.mark.parametrize("headers", [{}, {"x_headgate_cost_usd": "cheap"}])
def test_a_cost_that_nobody_tells_is_none_and_not_zero(headers: dict[str, str]):
    assert reading(**headers).whole(completion()).cost is None


def test_a_stream_without_a_receipt_has_no_cost():
    _, answer = fold(chunks("Hi", receipt=False))
    assert (None, "openai", Usage(prompt_tokens=100, completion_tokens=10, total_tokens=110)) == (
        answer.cost,
        answer.provider,
        answer.usage,
    )


def test_usage_that_the_answer_leaves_out_is_the_receipts_and_else_none():
    assert (
        Usage(prompt_tokens=100, completion_tokens=10, total_tokens=110)
        == reading(x_headgate_receipt=RECEIPT.decode()).whole(completion(usage=None)).usage
    )
    assert reading().whole(completion(usage=None)).usage is None


def test_an_answer_without_text_is_empty():
    assert "" == reading().whole(completion(None)).content


def test_of_several_answers_the_first_is_given():
    choices = [
        {"index": 1, "message": {"role": "assistant", "content": "second"}, "finish_reason": "length"},
        {"index": 0, "message": {"role": "assistant", "content": "first"}, "finish_reason": "stop"},
    ]
    answer = reading().whole(completion(choices=choices))
    assert ("first", "stop") == (answer.content, answer.finish_reason)


def test_a_replay_and_a_cached_answer_say_so():
    answer = reading(x_headgate_idempotent_replay="true").whole(completion())
    assert (True, False) == (answer.replayed, answer.from_cache)
    assert reading(x_headgate_cache="hit").whole(completion()).from_cache


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"choices": 1}'])
def test_what_is_no_answer_names_base_url(body: bytes):
    with pytest.raises(AnswerUnreadable, match="base_url"):
        reading().whole(body)


def test_a_receipt_that_cannot_be_read_is_not_passed_over():
    with pytest.raises(AnswerUnreadable, match="receipt"):
        parse_receipt(b'{"cost_usd": "much"}')


def test_amounts_stay_exact_and_currencies_without_a_rate_are_left_out():
    receipt = parse_receipt(b'{"cost_usd": 12345678901.123456789, "cost_eur": null, "cost_gbp": 0.1}')
    assert (Decimal("12345678901.123456789"), {"GBP": Decimal("0.1")}) == (receipt.cost_usd, receipt.costs)


def test_a_stream_whose_last_choice_gives_a_reason_is_whole_without_a_done():
    _, answer = fold([piece for piece in chunks("Hi") if b"[DONE]" not in piece])
    assert ("Hi", "stop") == (answer.content, answer.finish_reason)


def test_a_stream_without_its_end_is_broken():
    read = reading()
    read.feed(chunks("Hi")[0])
    with pytest.raises(StreamBroken):
        read.finish()
