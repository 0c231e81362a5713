"""Made-up traffic of OpenAI's Responses format: a request and an answer with everything in them, and a stream."""

import json
from typing import Any

USAGE: dict[str, Any] = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 40},
    "output_tokens": 10,
    "output_tokens_details": {"reasoning_tokens": 3},
    "total_tokens": 110,
}

REQUEST: dict[str, Any] = {
    "model": "m",
    "instructions": "be brief",
    "input": [
        {"role": "developer", "content": "German, please"},
        {
            "type": "message",
            "role": "user",
            "content": [
                {"type": "input_text", "text": "look"},
                {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "low"},
                {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"},
            ],
        },
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]},
        {"type": "function_call", "id": "fc_1", "call_id": "a", "name": "f", "arguments": '{"x":1}'},
        {"type": "function_call_output", "call_id": "a", "output": [{"type": "input_text", "text": "done"}]},
        {"role": "assistant", "content": [{"type": "output_text", "text": "t", "annotations": []}]},
        {"role": "user", "content": "now"},
    ],
    "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True}],
    "tool_choice": {"type": "function", "name": "f"},
    "parallel_tool_calls": False,
    "text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}}},
    "reasoning": {"effort": "low", "summary": "auto"},
    "include": ["reasoning.encrypted_content"],
    "max_output_tokens": 90,
    "temperature": 1,
    "background": False,
    "previous_response_id": None,
    "store": True,
    "stream": True,
    "user": "u",
}

ANSWER: dict[str, Any] = {
    "id": "a",
    "model": "m",
    "status": "completed",
    "output": [
        {"type": "reasoning", "id": "rs_1", "summary": [{"text": "hm"}], "encrypted_content": "enc"},
        {"type": "message", "id": "msg_1", "content": [{"type": "output_text", "text": "t"}]},
        {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f", "arguments": "{}"},
    ],
    "usage": USAGE,
}

MESSAGE: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant", "content": []}
CALL: dict[str, Any] = {"id": "fc_1", "type": "function_call", "call_id": "c", "name": "f", "arguments": ""}
EVENTS: list[dict[str, Any]] = [
    {"type": "response.created", "response": {"id": "a", "model": "m", "status": "in_progress", "output": []}},
    {"type": "response.output_item.added", "output_index": 0, "item": {"id": "rs", "type": "reasoning"}},
    {"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": 0, "delta": "hm"},
    {"type": "response.output_item.done", "output_index": 0, "item": {"id": "rs", "type": "reasoning"}},
    {"type": "response.output_item.added", "output_index": 1, "item": CALL},
    {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": "{}"},
    {"type": "response.output_item.done", "output_index": 1, "item": {**CALL, "arguments": "{}"}},
    {"type": "response.output_item.added", "output_index": 2, "item": MESSAGE},
    {"type": "response.output_text.delta", "output_index": 2, "content_index": 0, "delta": "t"},
    {"type": "response.output_item.done", "output_index": 2, "item": MESSAGE},
    {"type": "response.completed", "response": ANSWER},
]


def written(events: list[dict[str, Any]]) -> list[bytes]:
    """Events on the wire, numbered."""
    return [
        f"event: {event['type']}\ndata: {json.dumps({**event, 'sequence_number': number})}\n\n".encode()
        for number, event in enumerate(events)
    ]


def response_stream() -> list[bytes]:
    """The events of a streamed answer: 100 tokens in, 10 out."""
    head = {"id": "resp_1", "object": "response", "created_at": 1, "model": "gpt-4o", "output": [], "usage": None}
    part = {"type": "output_text", "text": "Hi ünd there", "annotations": [], "logprobs": []}
    item = {**MESSAGE, "status": "completed", "content": [part]}
    at = {"item_id": "msg_1", "output_index": 0}
    inside = {**at, "content_index": 0}
    usage = {"input_tokens": 100, "output_tokens": 10, "total_tokens": 110}
    end = {**head, "status": "completed", "incomplete_details": None, "output": [item], "usage": usage}
    return written(
        [
            {"type": "response.created", "response": {**head, "status": "in_progress"}},
            {"type": "response.in_progress", "response": {**head, "status": "in_progress"}},
            {"type": "response.output_item.added", "output_index": 0, "item": {**MESSAGE, "status": "in_progress"}},
            {"type": "response.content_part.added", **inside, "part": {**part, "text": ""}},
            {"type": "response.output_text.delta", **inside, "delta": "Hi ünd", "logprobs": []},
            {"type": "response.output_text.delta", **inside, "delta": " there", "logprobs": []},
            {"type": "response.output_text.done", **inside, "text": "Hi ünd there", "logprobs": []},
            {"type": "response.content_part.done", **inside, "part": part},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": end},
        ]
    )
