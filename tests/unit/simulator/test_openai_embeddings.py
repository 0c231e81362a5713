import math
from typing import Any

import msgspec
import openai
import pytest

from headgate.simulator.knobs import NO_KNOBS
from headgate.simulator.openai_embeddings import DEFAULT_DIMENSIONS, EmbeddingAsk, embed, read_embeddings
from headgate.simulator.refusals import Refusal


def read(given: object, **fields: Any) -> EmbeddingAsk:
    return read_embeddings(msgspec.json.encode({"model": "sim/embed", "input": given, **fields}), None, NO_KNOBS)


def cosine(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("words", "tokens", "given"),
    [
        ((("red", "boats"),), 3, "Red boats!"),
        ((("red",), ("boats",)), 1 + 2, ["red", "boats"]),
        ((("5", "17"),), 2, [5, 17]),
        ((("5",), ("17", "4")), 3, [[5], [17, 4]]),
    ],
)
def test_texts_and_token_ids_are_read(words: Any, tokens: int, given: object):
    ask = read(given)
    assert (words, tokens) == (ask.words, ask.tokens)


@pytest.mark.parametrize(
    ("param", "given", "fields"),
    [
        ("input", None, {}),
        ("input", [], {}),
        ("input", "", {}),
        ("input", [5, "five"], {}),
        ("dimensions", "x", {"dimensions": 0}),
        ("encoding_format", "x", {"encoding_format": "hex"}),
        ("model", "x", {"model": "sim/small"}),
        ("messages", "x" * 4 * 8_193, {}),
    ],
)
def test_a_request_at_fault_is_refused_and_the_field_named(param: str, given: object, fields: dict[str, Any]):
    with pytest.raises(Refusal) as caught:
        read(given, **fields)
    assert param == caught.value.param


def test_texts_that_share_words_point_the_same_way():
    red, also_red, blue = (embed(tuple(text.split()), 256) for text in ("a red boat", "the red boat", "blue sky above"))
    assert cosine(red, also_red) > cosine(red, blue)
    assert math.isclose(1, math.hypot(*red))


def test_a_text_without_words_still_has_a_direction():
    assert [1.0, 0.0, 0.0] == embed((), 3)


def test_the_sdk_reads_both_encodings(openai_client: openai.OpenAI):
    for encoding in ({}, {"encoding_format": "float"}):
        answer = openai_client.embeddings.create(model="sim/embed", input=["red boats", "blue"], **encoding)
        assert ("list", "sim/embed", 4, 4) == (
            answer.object,
            answer.model,
            answer.usage.prompt_tokens,
            answer.usage.total_tokens,
        )
        assert [0, 1] == [one.index for one in answer.data]
        assert embed(("blue",), DEFAULT_DIMENSIONS) == pytest.approx(answer.data[1].embedding)


def test_dimensions_are_honoured_and_tokens_billed(openai_client: openai.OpenAI, bill: Any):
    answer = openai_client.embeddings.create(model="embed", input="x" * 400, dimensions=12)
    assert 12 == len(answer.data[0].embedding)
    entry = bill.last()
    assert ({"input": 100}, 1_700, "/v1/embeddings", True) == (
        entry["usage"],
        entry["billed_nano"],
        entry["endpoint"],
        entry["completed"],
    )


def test_every_answer_has_an_id_of_its_own(http: Any):
    ids = {http.post("/v1/embeddings", json={"model": "embed", "input": "x"}).json()["id"] for _ in range(2)}
    assert 2 == len(ids)


def test_usage_may_be_left_out(http: Any):
    body = {"model": "embed", "input": "x", "simulate": {"no_usage": True}}
    assert "usage" not in http.post("/v1/embeddings", json=body).json()
