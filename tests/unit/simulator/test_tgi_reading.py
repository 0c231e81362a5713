from typing import Any

import msgspec
import pytest

from headgate.simulator.ask import Ask
from headgate.simulator.knobs import NO_KNOBS
from headgate.simulator.refusals import Refusal
from headgate.simulator.tgi_reading import read_tgi


def read(model: str = "small", *, stream: bool = False, inputs: Any = "hello", **parameters: Any) -> Ask:
    body = msgspec.json.encode({"inputs": inputs, "parameters": parameters})
    return read_tgi(body, None, NO_KNOBS, model_name=model, stream=stream)


def test_a_prompt_is_read_with_its_parameters():
    ask = read(max_new_tokens=9, stop=["a"], grammar={"type": "json", "value": {"type": "object"}})
    assert ("small", "hello", 3 + 2, 9, ("a",), {"type": "object"}) == (
        ask.model.name, ask.last_user_text, ask.prompt_tokens, ask.max_tokens, ask.stop, ask.schema,
    )  # fmt: skip


def test_details_are_told_unless_nobody_asks():
    assert read().include_usage
    assert read(details=False, decoder_input_details=True).include_usage
    assert not read(details=False).include_usage


def test_nobody_reasons_here():
    assert 0 == read("reasoner").reasoning_tokens


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (404, {"model": "embed"}),
        (400, {"inputs": ""}),
        (400, {"inputs": ["a"]}),
        (400, {"temperature": 0}),
        (400, {"top_p": 1.0}),
        (400, {"stop": ["a"] * 5}),
        (400, {"stream": True, "decoder_input_details": True}),
    ],
)
def test_what_the_server_would_refuse_is_refused(status: int, fields: dict[str, Any]):
    with pytest.raises(Refusal) as refused:
        read(**fields)
    assert status == refused.value.status
