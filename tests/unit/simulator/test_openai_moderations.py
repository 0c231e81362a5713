from typing import Any

import openai
import pytest


def test_the_sdk_learns_what_is_flagged_and_pays_nothing(openai_client: openai.OpenAI, bill: Any):
    answer = openai_client.moderations.create(model="sim/moderate", input=["Have a nice day.", "I will kill them."])
    assert [False, True] == [result.flagged for result in answer.results]
    assert answer.results[1].categories.violence
    assert ("sim/moderate", {}, 0, 200) == (
        answer.model,
        bill.last()["usage"],
        bill.last()["billed_nano"],
        bill.last()["status"],
    )


def test_parts_of_one_input_are_judged_together(http: Any):
    parts = [{"type": "text", "text": "You"}, {"type": "text", "text": "idiot"}]
    (result,) = http.post("/v1/moderations", json={"model": "moderate", "input": parts}).json()["results"]
    assert result["categories"]["harassment"]


@pytest.mark.parametrize(
    ("param", "body"), [("input", {"model": "moderate"}), ("model", {"model": "small", "input": "x"})]
)
def test_a_request_at_fault_is_refused_and_the_field_named(http: Any, param: str, body: dict[str, Any]):
    assert param == http.post("/v1/moderations", json=body).json()["error"]["param"]
