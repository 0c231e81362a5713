import json
from typing import Any

import msgspec
import pytest

from headgate.domain.formats import Format
from headgate.pricing.compiled import compile_card
from headgate.pricing.request_shape import RequestShape
from headgate.pricing.shape import shape_of
from headgate.pricing.sim_cards import sim_cards
from headgate.pricing.tight import PER_MESSAGE, PER_PART, PER_REQUEST, PER_TOOL, tight_bound, tightened
from headgate.providers.table import PROVIDERS

CARD = compile_card(msgspec.structs.replace(sim_cards()[0], context_window=None))
LONG = "x" * 1_000
ROLE = len("role") + len('"user"')


def tight(form: Format = Format.OPENAI_CHAT, *, text: str | None = None, **body: Any) -> int:
    return read(form, text, body)[1].body_bytes


def read(form: Format, text: str | None, body: dict[str, Any]) -> tuple[RequestShape, RequestShape]:
    """(full, tight); `text`: a body that no encoder would write."""
    raw = (json.dumps(body, separators=(",", ":")) if text is None else text).encode()
    fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    full = shape_of(form, fields, raw, PROVIDERS["sim"])
    return full, tightened(full, fields, form)


def user(content: object) -> list[dict[str, object]]:
    return [{"role": "user", "content": content}]


def test_a_text_counts_at_its_decoded_length():
    assert PER_REQUEST + PER_MESSAGE + ROLE + 1_000 == tight(messages=user(LONG))
    assert PER_REQUEST + PER_MESSAGE + ROLE + 2_000 == tight(messages=user("é" * 1_000))
    assert PER_REQUEST + PER_MESSAGE + ROLE + 1_000 == tight(messages=user('"' * 1_000))


def test_parts_of_text_count_each():
    parts = [{"type": "text", "text": LONG}, {"type": "text", "text": LONG}]
    assert PER_REQUEST + PER_MESSAGE + ROLE + 2 * (PER_PART + 1_000) == tight(messages=user(parts))


def test_what_only_steers_the_operator_is_left_out():
    assert tight(messages=user(LONG)) == tight(messages=user(LONG), temperature=0.5, metadata={"run": LONG}, user=LONG)


def test_an_image_counts_nothing_here_because_its_family_does():
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{LONG}"}}
    assert PER_REQUEST + PER_MESSAGE + ROLE + PER_PART == tight(messages=user([image]))
    block = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": LONG}}
    assert PER_REQUEST + PER_MESSAGE + ROLE + PER_PART == tight(Format.ANTHROPIC_MESSAGES, messages=user([block]))


def test_a_result_of_a_tool_is_read_into():
    block = {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "\n" * 1_000}]}
    beside = len("tool_use_id") + len('"t1"')
    expected = PER_REQUEST + PER_MESSAGE + ROLE + PER_PART + PER_PART + 1_000 + beside
    assert expected == tight(Format.ANTHROPIC_MESSAGES, messages=user([block]))


def test_calls_and_tools_count_as_the_json_that_they_are():
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": json.dumps({"q": LONG})}}
    said = {"role": "assistant", "content": "", "tool_calls": [call]}
    size = len(json.dumps([call], separators=(",", ":")))
    assert PER_REQUEST + PER_MESSAGE + len('role"assistant"') + len("tool_calls") + size == tight(messages=[said])
    tool = {"type": "function", "function": {"name": "f", "description": LONG}}
    size = len(json.dumps([tool], separators=(",", ":")))
    assert PER_REQUEST + PER_TOOL + size == tight(messages=[], tools=[tool], temperature=0.123456789)


def test_instructions_of_anthropics_format_are_a_message():
    assert PER_REQUEST + PER_MESSAGE + 1_000 == tight(Format.ANTHROPIC_MESSAGES, messages=[], system=LONG)


@pytest.mark.parametrize("field", ["response_format", "something_new"])
def test_what_may_reach_the_model_counts_at_its_size(field: str):
    beside = len(field) + len(json.dumps({"schema": LONG}, separators=(",", ":")))
    assert tight(messages=user(LONG)) + beside == tight(messages=user(LONG), **{field: {"schema": LONG}})


def test_a_content_that_is_given_twice_counts_twice():
    text = '{"messages":[{"role":"user","content":"%s","content":"hi"}],"metadata":{"a":"aaaaaaaaaaaaaaaaaaaaaaaa"}}'
    assert tight(text=text % LONG) > 1_000


def test_white_space_between_members_counts():
    text = '{"messages":[{"role":"user",%s"content":"hi"}],"metadata":{"a":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}'
    assert tight(text=text % "") + 500 == tight(text=text % (" " * 500))


@pytest.mark.parametrize("content", [[7], [None], {"parts": LONG}, 7])
def test_what_cannot_be_read_counts_at_its_size(content: object):
    full, closer = read(Format.OPENAI_CHAT, None, {"messages": user(content), "user": LONG})
    assert len(json.dumps(content, separators=(",", ":"))) <= closer.body_bytes <= full.body_bytes


@pytest.mark.parametrize(
    ("tokens", "given"),
    [
        (1_000, LONG),
        (2 * (PER_PART + 1_000), [LONG, LONG]),
        (300, [1_234_567] * 300),
        (2 * (PER_PART + 300), [[1_234_567] * 300] * 2),
    ],
)
def test_what_is_embedded_counts_as_text_or_as_tokens(tokens: int, given: object):
    assert PER_REQUEST + tokens == tight(Format.OPENAI_EMBEDDINGS, input=given, user=LONG)


def test_it_is_never_above_the_first_bound():
    full, closer = read(Format.OPENAI_CHAT, None, {"messages": user("hi")})
    assert closer.body_bytes <= full.body_bytes
    full, closer = read(Format.OPENAI_CHAT, None, {"messages": []})
    assert full is closer


def test_the_rest_of_the_shape_stays():
    full, closer = read(Format.OPENAI_CHAT, None, {"messages": user(LONG), "n": 2, "max_tokens": 7})
    assert full == msgspec.structs.replace(closer, body_bytes=full.body_bytes)


def test_the_tight_hold_prices_the_tight_shape():
    raw = json.dumps({"messages": user('"' * 1_000), "max_tokens": 10}, separators=(",", ":")).encode()
    fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    full = shape_of(Format.OPENAI_CHAT, fields, raw, PROVIDERS["sim"])
    rate_in, rate_out = CARD.text_rates or (0, 0)
    expected = (PER_REQUEST + PER_MESSAGE + ROLE + 1_000) * rate_in + 10 * rate_out
    assert expected == 10**9 * (tight_bound(CARD, full, fields, Format.OPENAI_CHAT) or 0)


def test_the_prompt_of_a_text_completion_counts_at_its_length_or_its_tokens():
    assert PER_REQUEST + 1_000 == tight(Format.OPENAI_COMPLETIONS, model="m", prompt=LONG, best_of=2, echo=False)
    assert PER_REQUEST + 300 == tight(Format.OPENAI_COMPLETIONS, prompt=[12_345] * 300)


def test_what_is_billed_by_other_units_is_bounded_as_closely_as_it_gets():
    full, closer = read(Format.RERANK, None, {"query": "q", "documents": [LONG] * 3})
    assert full is closer


RESPONSES = Format.OPENAI_RESPONSES


def test_the_input_of_a_response_counts_as_its_text_or_its_items():
    assert PER_REQUEST + PER_MESSAGE + 1_000 == tight(RESPONSES, input="\n" * 1_000)
    assert PER_REQUEST + PER_MESSAGE + ROLE + 1_000 == tight(RESPONSES, input=user("\n" * 1_000))
    parts = [
        {"type": "input_text", "text": LONG},
        {"type": "input_image", "image_url": f"data:image/png;base64,{LONG}"},
    ]
    assert PER_REQUEST + PER_MESSAGE + ROLE + 2 * PER_PART + 1_000 == tight(RESPONSES, input=user(parts))


def test_what_a_tool_said_is_read_into_and_a_call_counts_as_it_is():
    output = {"type": "function_call_output", "call_id": "c", "output": "\n" * 1_000}
    beside = len("type") + len('"function_call_output"') + len("call_id") + len('"c"')
    assert PER_REQUEST + PER_MESSAGE + beside + 1_000 == tight(RESPONSES, input=[output])
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": LONG}
    size = len(json.dumps(call, separators=(",", ":")))
    assert PER_REQUEST + PER_MESSAGE + size == tight(RESPONSES, input=[call], metadata={"run": LONG})


def test_instructions_are_a_message_and_knobs_are_not_read():
    text = "\n" * 1_000
    plain = tight(RESPONSES, input=text)
    assert plain + PER_MESSAGE + 5 == tight(RESPONSES, input=text, instructions="brief")
    assert plain == tight(RESPONSES, input=text, include=[LONG], max_output_tokens=5, truncation="auto", store=True)
