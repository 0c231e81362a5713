from headgate.domain.formats import Format
from headgate.translate.ending import Follower, follower_for
from headgate.translate.ollama_chat.follow_stream import CALL_TOKENS
from tests.kit.natives import dumped


def follower() -> Follower:
    return follower_for(Format.OLLAMA_CHAT)


def line(*, done: bool = False, **message: object) -> bytes:
    return dumped({"model": "m", "message": {"role": "assistant", **message}, "done": done}) + b"\n"


def test_every_byte_that_is_said_may_be_a_token():
    following = follower()
    assert 2 == following.feed(line(content="é"))
    assert 3 == following.feed(line(content="", thinking="abc"))
    call = {"function": {"name": "look", "arguments": {"a": 1}}}
    assert CALL_TOKENS + 4 + 7 == following.feed(line(content="", tool_calls=[call]))
    assert not following.over
    assert (1, True) == (following.feed(line(done=True, content="x")), following.over)


def test_an_error_is_an_end_too():
    following = follower()
    assert 0 == following.feed(b'{"error":"x"}\n')
    assert following.over


def test_of_what_cannot_be_read_every_byte_counts_and_blank_lines_say_nothing():
    assert 11 == follower().feed(b'{"message"\n\n')
