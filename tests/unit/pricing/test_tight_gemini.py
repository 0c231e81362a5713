import json
from typing import Any

import msgspec
import pytest

from headgate.domain.formats import Format
from headgate.pricing.shape import shape_of
from headgate.pricing.tight import PER_REQUEST, tightened
from headgate.pricing.tight_gemini import PER_CONTENT, PER_PART, PER_TOOL, size_of_gemini
from headgate.providers.table import PROVIDERS

LONG = "x" * 1_000
ROLE = len("role") + len('"user"')
ONE = PER_CONTENT + ROLE + PER_PART + 1_000


def size(**body: Any) -> int:
    raw = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    return size_of_gemini(msgspec.json.decode(raw, type=dict[str, msgspec.Raw]))


def user(*parts: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "parts": list(parts)}]


@pytest.mark.parametrize("text", [LONG, "é" * 500, '"' * 1_000, "\n" * 1_000])
def test_a_text_counts_at_its_decoded_length(text: str):
    assert ONE == size(contents=user({"text": text}))


def test_contents_and_parts_count_each():
    assert 3 * (ONE - PER_CONTENT - ROLE) + 2 * (PER_CONTENT + ROLE) == size(
        contents=[*user({"text": LONG}, {"text": LONG}), *user({"text": LONG})]
    )
    assert PER_CONTENT + PER_PART + 1_000 == size(system_instruction={"parts": {"text": LONG}})


def test_what_only_steers_the_provider_is_left_out():
    config = {"temperature": 0.5, "maxOutputTokens": 9, "stopSequences": [LONG]}
    assert ONE == size(
        contents=user({"text": LONG, "thought": False}),
        generationConfig=config,
        safetySettings=[{"category": LONG}],
        labels={"team": LONG},
        model=LONG,
    )


def test_a_schema_of_the_answer_may_be_shown_to_the_model():
    schema = {"type": "OBJECT", "title": LONG}
    shown = len("responseSchema") + len(json.dumps(schema, separators=(",", ":")))
    assert ONE + shown == size(contents=user({"text": LONG}), generation_config={"response_schema": schema})


@pytest.mark.parametrize("name", ["inlineData", "inline_data"])
def test_a_picture_counts_nothing_here_because_its_family_does(name: str):
    kind = "mimeType" if name == "inlineData" else "mime_type"
    assert PER_CONTENT + ROLE + PER_PART == size(contents=user({name: {kind: "image/png", "data": LONG}}))
    assert size(contents=user({name: {kind: "text/plain", "data": LONG}})) > 1_000


def test_calls_results_and_signatures_are_the_json_that_they_are():
    part = {"functionCall": {"name": "f", "args": {"x": LONG}}, "thoughtSignature": "c2ln"}
    assert PER_CONTENT + ROLE + PER_PART + len(json.dumps(part, separators=(",", ":"))) == size(contents=user(part))


def test_every_function_has_an_allowance():
    tools = [{"functionDeclarations": [{"name": "f"}, {"name": "g"}]}, {"codeExecution": {}}]
    assert 3 * PER_TOOL + len(json.dumps(tools, separators=(",", ":"))) == size(tools=tools)


def test_of_a_batch_every_request_counts():
    request = {"model": LONG, "taskType": LONG, "content": {"parts": [{"text": LONG}]}}
    assert 2 * (PER_CONTENT + PER_PART + 1_000) == size(requests=[request, request])


@pytest.mark.parametrize("body", [{"contents": LONG}, {"contents": [{"text": LONG}]}, {"contents": user({"text": [LONG]})},
                                  {"unknown": LONG}, {"contents": [LONG]}, {"requests": LONG}])  # fmt: skip
def test_what_is_not_known_counts_at_its_size(body: dict[str, Any]):
    assert size(**body) >= 1_000


@pytest.mark.parametrize("form", [Format.GEMINI, Format.GEMINI_EMBED_CONTENT, Format.GEMINI_BATCH_EMBED_CONTENTS])
def test_the_closer_look_is_never_above_the_first(form: Format):
    body = {"contents": user({"text": "\n" * 900}), "content": {"parts": []}, "requests": []}
    raw = json.dumps(body, separators=(",", ":")).encode()
    fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    full = shape_of(form, fields, raw, PROVIDERS["sim"])
    assert PER_REQUEST + 900 < tightened(full, fields, form).body_bytes < full.body_bytes
