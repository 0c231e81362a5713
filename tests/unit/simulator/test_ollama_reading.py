from typing import Any

import msgspec
import pytest

from headgate.simulator.ask import Ask
from headgate.simulator.knobs import NO_KNOBS
from headgate.simulator.ollama_reading import read_ollama
from headgate.simulator.refusals import Refusal

HELLO = [{"role": "user", "content": "hello"}]


def read(**fields: Any) -> Ask:
    return read_ollama(msgspec.json.encode({"model": "sim/small", "messages": HELLO, **fields}), None, NO_KNOBS)


def test_it_streams_unless_told_not_to():
    assert read().stream
    assert not read(stream=False).stream


def test_what_is_given_is_read():
    tools = [{"type": "function", "function": {"name": "look_up"}}]
    ask = read(tools=tools, options={"num_predict": 9, "stop": ["a"], "num_ctx": 4096}, format="json")
    assert (["look_up"], 9, ("a",)) == ([tool.name for tool in ask.tools], ask.max_tokens, ask.stop)
    assert ask.schema
    assert {"type": "object"} == read(format={"type": "object"}).schema
    assert read(format="").schema is None
    assert read(options={"num_predict": -1}).max_tokens is None


@pytest.mark.parametrize(("think", "expected"), [(None, 128), (True, 128), (False, 0), ("low", 48), ("high", 384)])
def test_models_that_reason_do_unless_told_not_to(think: Any, expected: int):
    assert expected == read(model="sim/reasoner", think=think).reasoning_tokens
    assert 0 == read(think=False).reasoning_tokens


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (404, {"model": "llama3.2"}),
        (400, {"messages": None}),
        (400, {"think": True}),
        (400, {"think": "a lot"}),
        (400, {"format": "yaml"}),
    ],
)
def test_what_ollama_would_refuse_is_refused(status: int, fields: dict[str, Any]):
    with pytest.raises(Refusal) as refused:
        read(**fields)
    assert status == refused.value.status
