from typing import Any

import pytest

DOCUMENTS = ["The tide was low.", "A gate lets water in.", "Water and a gate, and water again."]


def ask(**changes: Any) -> dict[str, Any]:
    return {"model": "sim/rerank", "query": "gate water", "documents": DOCUMENTS, **changes}


@pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank"])
def test_documents_that_share_more_words_come_first(http: Any, bill: Any, path: str):
    answer = http.post(path, json=ask()).json()
    assert {1, 2} == {result["index"] for result in answer["results"][:2]}
    scores = [result["relevance_score"] for result in answer["results"]]
    assert sorted(scores, reverse=True) == scores
    assert {"search_units": 1} == answer["meta"]["billed_units"]
    assert ({"search_unit": 1}, 1_900_000, path) == (
        bill.last()["usage"],
        bill.last()["billed_nano"],
        bill.last()["endpoint"],
    )


def test_only_so_many_are_given_with_their_texts_where_that_is_asked(http: Any):
    results = http.post("/v1/rerank", json=ask(top_n=1, return_documents=True)).json()["results"]
    assert [DOCUMENTS[results[0]["index"]]] == [result["document"]["text"] for result in results]


@pytest.mark.parametrize(
    ("documents", "units"),
    [(["a"] * 100, 1), (["a"] * 101, 2), ([{"text": "a" * 4_000}] * 100, 3), (["a" * 4 * 497] * 100, 1)],
)
def test_a_long_document_counts_once_per_piece(http: Any, bill: Any, documents: Any, units: int):
    http.post("/v1/rerank", json=ask(documents=documents)).raise_for_status()
    assert {"search_unit": units} == bill.last()["usage"]


@pytest.mark.parametrize(
    ("param", "changes"),
    [
        ("query", {"query": ""}),
        ("documents", {"documents": []}),
        ("model", {"model": "small"}),
        ("top_n", {"top_n": 0}),
    ],
)
def test_a_request_at_fault_is_refused_and_the_field_named(http: Any, param: str, changes: dict[str, Any]):
    assert param == http.post("/v1/rerank", json=ask(**changes)).json()["error"]["param"]


def test_what_was_billed_may_be_left_out(http: Any):
    assert "billed_units" not in http.post("/v1/rerank", json=ask(simulate={"no_usage": True})).json()["meta"]
