from headgate.domain.formats import Format
from headgate.translate.bedrock_converse.follow_stream import BLOCK_TOKENS
from headgate.translate.ending import Follower, follower_for
from headgate.wire.eventstream import render_frame
from tests.kit.converse import delta, exception, frame


def follower() -> Follower:
    return follower_for(Format.BEDROCK_CONVERSE)


def test_every_byte_that_is_said_may_be_a_token():
    following = follower()
    assert 0 == following.feed(frame("messageStart", role="assistant"))
    assert BLOCK_TOKENS + 3 == following.feed(delta(0, text="€"))
    assert 2 == following.feed(delta(0, text="ab"))
    assert 0 == following.feed(frame("contentBlockStop", contentBlockIndex=0))
    assert BLOCK_TOKENS + 5 == following.feed(delta(1, reasoningContent={"text": "h", "signature": "abcd"}))
    assert 4 == following.feed(delta(1, reasoningContent={"redactedContent": "abcd"}))
    call = {"toolUse": {"toolUseId": "t", "name": "look"}}
    assert BLOCK_TOKENS + 4 == following.feed(frame("contentBlockStart", contentBlockIndex=2, start=call))
    assert 5 == following.feed(delta(2, toolUse={"input": '{"a":'}))
    assert not following.over


def test_a_stop_reason_is_the_end():
    following = follower()
    assert 0 == following.feed(frame("messageStop", stopReason="end_turn"))
    assert following.over


def test_a_failure_is_an_end_too():
    following = follower()
    assert 0 == following.feed(exception("modelStreamErrorException", "x"))
    assert following.over


def test_of_what_cannot_be_read_every_byte_counts():
    headers = {":message-type": "event", ":event-type": "contentBlockDelta"}
    broken = render_frame(b'{"delta"', headers)
    assert len(broken) == follower().feed(broken)
    unknown = delta(0, music={"notes": 1})
    assert follower().feed(unknown) > len('{"contentBlockIndex":0,"delta":{"music":{"notes":1}}}')


def test_from_damage_on_every_byte_counts():
    following = follower()
    damaged = bytearray(delta(0, text="ab") + delta(0, text="cd"))
    damaged[-1] ^= 1
    half = len(delta(0, text="cd"))
    assert BLOCK_TOKENS + 2 + half == following.feed(bytes(damaged))
    assert 9 == following.feed(b"more of it"[:9])
