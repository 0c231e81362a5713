from headgate.domain.formats import Format
from headgate.translate.cohere_chat.follow_stream import PART_TOKENS
from headgate.translate.ending import Follower, follower_for
from tests.kit.natives import sse


def follower() -> Follower:
    return follower_for(Format.COHERE_CHAT)


def event(kind: str, **message: object) -> bytes:
    return sse({"type": kind, "index": 0, "delta": {"message": message}}, kind)


def test_every_byte_that_is_said_may_be_a_token():
    following = follower()
    assert 0 == following.feed(event("message-start", role="assistant", content=[], tool_calls=[]))
    assert 3 == following.feed(event("tool-plan-delta", tool_plan="€"))
    assert PART_TOKENS + 2 == following.feed(event("content-start", content={"type": "text", "text": "ab"}))
    assert 2 == following.feed(event("content-delta", content={"thinking": "é"}))
    call = {"id": "c", "function": {"name": "look", "arguments": "{}"}}
    assert PART_TOKENS + 6 == following.feed(event("tool-call-start", tool_calls=call))
    assert 4 == following.feed(event("tool-call-delta", tool_calls={"function": {"arguments": '{"a"'}}))
    assert 0 == following.feed(sse({"type": "citation-start", "delta": {"message": {"citations": []}}}))
    assert not following.over


def test_the_last_event_is_the_end():
    following = follower()
    assert 0 == following.feed(sse({"type": "message-end", "delta": {"finish_reason": "COMPLETE"}}))
    assert following.over
    assert 0 == following.feed(b"data: [DONE]\n\n")


def test_an_error_is_an_end_too():
    following = follower()
    following.feed(sse({"type": "error", "message": "x"}))
    assert following.over


def test_of_what_cannot_be_read_every_byte_counts():
    assert 7 == follower().feed(b'data: {"type"\n\n')
    unknown = b'{"type":"music-delta","delta":{}}'
    assert len(unknown) == follower().feed(b"data: " + unknown + b"\n\n")
