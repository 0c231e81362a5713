import json
from typing import Any

import msgspec
import pytest

from headgate.domain.formats import Format
from headgate.pricing.request_shape import RequestShape
from headgate.pricing.shape import shape_of
from headgate.pricing.shapes.tools import SEARCHES_WITHOUT_LIMIT
from headgate.providers.surcharges import surcharge_of
from headgate.providers.table import provider

HELLO = {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}
PNG, WAV = {"mimeType": "image/png", "data": "AA"}, {"mimeType": "audio/wav", "data": "AA"}


def shape(form: Format = Format.GEMINI, operator: str = "sim", **fields: Any) -> RequestShape:
    body = json.dumps(fields).encode()
    return shape_of(form, msgspec.json.decode(body, type=dict[str, msgspec.Raw]), body, provider(operator))


def parts(*given: Any) -> RequestShape:
    return shape(contents=[{"parts": list(given)}])


def config(**given: Any) -> RequestShape:
    return shape(**HELLO, generationConfig=given)


def test_a_plain_request_is_its_bytes():
    plain = shape(**HELLO)
    assert RequestShape(body_bytes=len(json.dumps(HELLO))) == plain
    assert plain.plain


@pytest.mark.parametrize("name", ["generationConfig", "generation_config"])
def test_limit_and_choices_are_read_in_either_spelling(name: str):
    given = (
        {"maxOutputTokens": 9, "candidate_count": 3}
        if name[-6] == "C"
        else {"max_output_tokens": 9, "candidateCount": 3}
    )
    found = shape(**HELLO, **{name: given})
    assert (9, 3) == (found.max_output_tokens, found.choices)


@pytest.mark.parametrize("limit", [0, -1, None, "9"])
def test_what_is_no_limit_bounds_nothing(limit: object):
    assert config(maxOutputTokens=limit).max_output_tokens is None


@pytest.mark.parametrize(
    ("part", "images", "audio", "outside"),
    [
        ({"inlineData": PNG}, 1, False, False),
        ({"inline_data": {"mime_type": "IMAGE/JPEG", "data": "AA"}}, 1, False, False),
        ({"inlineData": {"mimeType": "text/plain", "data": "AA"}}, 0, False, False),
        ({"inlineData": WAV}, 0, True, True),
        ({"inlineData": {"mimeType": "video/mp4", "data": "AA"}}, 0, True, True),
        ({"inlineData": {"mimeType": "application/pdf", "data": "AA"}}, 0, True, True),
        ({"inlineData": {"data": "AA"}}, 0, True, True),
        ({"fileData": {"mimeType": "image/png", "fileUri": "https://example.com"}}, 0, True, True),
        ({"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "c2ln"}, 0, False, False),
        ({"functionResponse": {"name": "f", "response": {}, "parts": [{"inlineData": PNG}]}}, 1, False, False),
        ({"functionResponse": {"name": "f", "parts": {"fileData": {}}}}, 0, True, True),
        ({"executableCode": {}, "thought": False}, 0, False, False),
        ({"somethingNew": {}}, 0, True, True),
        ("text", 0, True, True),
    ],
)
def test_parts_are_bounded_by_their_bytes_or_by_their_family_or_not(part: Any, images: int, audio: bool, outside: bool):
    found = parts({"text": "look"}, part)
    assert (images, audio, outside) == (found.images, found.audio, found.refers_outside)


def test_a_content_needs_no_brackets_and_instructions_count_too():
    assert not shape(contents={"parts": {"text": "hi"}}).refers_outside
    assert 1 == shape(**HELLO, system_instruction={"parts": [{"inlineData": PNG}]}).images


@pytest.mark.parametrize("contents", ["hi", [1], [{"parts": "hi"}], 3])
def test_what_cannot_be_read_may_be_anything(contents: object):
    assert shape(contents=contents).refers_outside


def test_a_cache_is_more_than_the_body():
    found = shape(**HELLO, cachedContent="cachedContents/a")
    assert (True, True) == (found.refers_outside, found.audio)


@pytest.mark.parametrize(
    ("tools", "server", "searches"),
    [
        ([{"functionDeclarations": [{"name": "f"}]}], False, 0),
        ({"function_declarations": [{"name": "f"}]}, False, 0),
        ([{"computerUse": {}}], False, 0),
        ([{"googleSearch": {}}], True, SEARCHES_WITHOUT_LIMIT),
        ([{"google_search_retrieval": {}}, {"googleMaps": {}}], True, 2 * SEARCHES_WITHOUT_LIMIT),
        ([{"codeExecution": {}}, {"urlContext": {}}], True, 0),
        ([{"fileSearch": {}}], True, 0),
        ("all", True, SEARCHES_WITHOUT_LIMIT),
    ],
)
def test_tools_that_google_runs_are_told_from_the_callers(tools: object, server: bool, searches: int):
    found = shape(operator="gemini", **HELLO, tools=tools)
    surcharge = surcharge_of("gemini")
    assert (server, server, searches) == (found.server_tools, found.refers_outside, found.searches)
    assert surcharge.plain + surcharge.tools == found.surcharge_tokens


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"responseModalities": ["TEXT"]}, False),
        ({"responseModalities": ["TEXT", "IMAGE"]}, True),
        ({"response_modalities": ["audio"]}, True),
        ({"responseModalities": "AUDIO"}, True),
        ({"speechConfig": {}}, True),
        ({}, False),
    ],
)
def test_what_may_come_out_beside_text(given: dict, expected: bool):
    assert expected == config(**given).modalities


@pytest.mark.parametrize("tier", ["flex", "SERVICE_TIER_FLEX"])
def test_the_tier_that_was_asked_for_may_be_billed(tier: str):
    assert ("flex",) == shape(**HELLO, serviceTier=tier).service_tiers


def test_what_is_embedded_has_no_output():
    one = shape(Format.GEMINI_EMBED_CONTENT, content={"parts": [{"text": "a"}, {"inlineData": PNG}]})
    assert (False, 1, False) == (one.output, one.images, one.refers_outside)
    batch = shape(Format.GEMINI_BATCH_EMBED_CONTENTS, requests=[{"content": {"parts": [{"inlineData": WAV}]}}])
    assert (False, True, True) == (batch.output, batch.audio, batch.refers_outside)
    assert shape(Format.GEMINI_BATCH_EMBED_CONTENTS, requests=[1]).refers_outside
