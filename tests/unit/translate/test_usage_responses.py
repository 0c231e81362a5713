import json
from typing import Any

import msgspec
import pytest

from headgate.domain.usage import Usage, usage_of
from headgate.translate.usage_responses import responses_usage

PLAIN = {"input_tokens": 100, "output_tokens": 10, "total_tokens": 110}


def read(
    usage: dict[str, Any] | None, *output: dict[str, Any], tool_usage: dict[str, Any] | None = None
) -> Usage | None:
    return responses_usage(usage, tool_usage, [msgspec.Raw(json.dumps(item).encode()) for item in output])


def test_parts_are_taken_out_of_their_wholes():
    details = {"cached_tokens": 40, "cache_write_tokens": 20}
    usage = {**PLAIN, "input_tokens_details": details, "output_tokens_details": {"reasoning_tokens": 3}}
    assert usage_of(input=40, cache_read=40, cache_write=20, output=7, output_reasoning=3) == read(usage)


@pytest.mark.parametrize("unknown", [None, {}, {"input_tokens": "many", "output_tokens": 1}, {"output_tokens": -1}])
def test_what_cannot_be_read_is_unknown(unknown: dict[str, Any] | None):
    assert read(unknown) is None


@pytest.mark.parametrize(
    ("action", "expected"),
    [({"type": "search"}, 1), (None, 1), ({"type": "open_page"}, 0), ({"type": "find_in_page"}, 0)],
)
def test_searches_are_billed_and_looking_around_in_a_page_is_not(action: object, expected: int):
    search = {"type": "web_search_call", "action": action}
    assert usage_of(input=100, output=10, web_search=expected) == read(PLAIN, search)


def test_where_the_provider_counts_its_searches_it_is_believed():
    searches = [{"type": "web_search_call"}] * 3
    assert usage_of(input=100, output=10, web_search=1) == read(
        PLAIN, *searches, tool_usage={"web_search": {"num_requests": 1}}
    )
    xai = {**PLAIN, "server_side_tool_usage_details": {"web_search_calls": 2, "x_search_calls": 3}}
    assert usage_of(input=100, output=10, web_search=5) == read(xai)
    told = {**PLAIN, "server_tool_use": {"web_search_requests": 4}}
    assert usage_of(input=100, output=10, web_search=4) == read(told, *searches)


def test_what_other_tools_are_billed_by_is_counted():
    assert usage_of(input=100, output=10, file_search=2, tool_image=1, code_session=2) == read(
        PLAIN,
        {"type": "file_search_call"},
        {"type": "file_search_call"},
        {"type": "image_generation_call", "result": "AAAA"},
        {"type": "code_interpreter_call", "container_id": "a"},
        {"type": "code_interpreter_call", "container_id": "a"},
        {"type": "code_interpreter_call", "container_id": "b"},
        {"type": "message", "content": "about a file_search_call"},
    )


def test_an_item_that_cannot_be_read_is_passed_over():
    assert usage_of(input=100, output=10) == read(PLAIN, {"type": ["file_search_call"]})
