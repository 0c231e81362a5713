from typing import Any

import pytest

from headgate.simulator.knobs import NO_KNOBS
from headgate.simulator.natives import EVENTS, FRAMES, FREE_MODEL, LINES, find_native

CHAT = {"model": "sim/small", "messages": [{"role": "user", "content": "hello"}], "stream": True}
REQUESTS = {
    "/v2/chat": CHAT,
    "/api/chat": CHAT,
    "/model/sim/small/converse-stream": {"messages": [{"role": "user", "content": [{"text": "hello"}]}]},
    "/tgi/small/generate_stream": {"inputs": "hello"},
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/model/small/converse", FRAMES),
        ("/model/a/b:0/converse-stream", FRAMES),
        ("/v2/chat", EVENTS),
        ("/api/chat", LINES),
        ("/generate", EVENTS),
        ("/tgi/small/generate", EVENTS),
    ],
)
def test_each_path_has_its_format(path: str, expected: bytes):
    native = find_native(path)
    assert native is not None
    assert expected == native.stream_type


@pytest.mark.parametrize(
    "path", ["/v1/chat/completions", "/v2/chat/x", "/tgi/small", "/tgi/a/b/generate", "/model/converse", ""]
)
def test_other_paths_have_none(path: str):
    assert find_native(path) is None


def test_a_path_without_a_model_means_the_free_one():
    native = find_native("/generate_stream")
    assert native is not None
    ask = native.read(b'{"inputs":"a"}', None, NO_KNOBS)
    assert (FREE_MODEL, True) == (ask.model.name, ask.stream)


@pytest.mark.parametrize("path", REQUESTS)
@pytest.mark.parametrize(
    ("knobs", "completed"),
    [
        ({"malformed_after": 1}, True),
        ({"break_after": 1}, False),
        ({"error_event_after": 1}, False),
        ({"stall_after": 1, "stall_ms": 1}, False),
    ],
)
async def test_every_fault_is_there_and_billed_as_far_as_it_got(
    in_memory: Any, path: str, knobs: dict[str, int], completed: bool
):
    await in_memory.post(path, REQUESTS[path] | {"simulate": {"output_tokens": 9, **knobs}})
    (entry,) = in_memory.app.bill.read(0, 9)
    assert (completed, 9 if completed else 1) == (entry.completed, entry.usage.output)


@pytest.mark.parametrize("path", REQUESTS)
async def test_injected_errors_and_wrong_methods_wear_the_envelope_of_the_format(in_memory: Any, path: str):
    reply = await in_memory.post(path, REQUESTS[path] | {"simulate": {"error": {"status": 429}}})
    said = reply.json()
    assert (429, b"1") == (reply.status, reply.headers[b"retry-after"])
    assert "rate limit" in (said.get("message") or said["error"])
    assert 405 == (await in_memory.request("GET", path, b"", {})).status
