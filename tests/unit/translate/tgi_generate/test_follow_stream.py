from headgate.domain.formats import Format
from headgate.translate.ending import Follower, follower_for
from tests.kit.natives import sse


def follower() -> Follower:
    return follower_for(Format.TGI_GENERATE)


def token(text: str, whole: str | None = None) -> bytes:
    return sse({"token": {"id": 1, "text": text, "special": whole is not None}, "generated_text": whole})


def test_every_event_is_a_token():
    following = follower()
    assert 2 == following.feed(token(" extraordinarily") + b":keep-alive\n\n" + token(""))
    assert not following.over
    assert (1, True) == (following.feed(token("</s>", " extraordinarily")), following.over)


def test_an_error_is_an_end_too():
    following = follower()
    assert 0 == following.feed(sse({"error": "x", "error_type": "generation"}))
    assert following.over


def test_of_what_cannot_be_read_every_byte_counts():
    assert 8 == follower().feed(b'data: {"token"\n\n')
