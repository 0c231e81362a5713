import msgspec
import pytest

from headgate.domain.conversation import Answer, Failed, Finished, Message, Role, Started, StopReason, Text, TextDelta
from headgate.domain.formats import Format
from headgate.translate.registry import codec_for

ANSWER = Answer(id="a", model="m", parts=(Text(text="hi"),), stop_reason=StopReason.END_TURN)


@pytest.fixture
def codec():
    return codec_for(Format.GEMINI)


def test_a_request_survives_a_round_trip(codec):
    body = b'{"contents":[{"role":"user","parts":[{"text":"hello"}]}],"generationConfig":{"maxOutputTokens":9}}'
    conversation = codec.parse_request(msgspec.json.decode(body, type=dict[str, msgspec.Raw]))
    assert (Message(role=Role.USER, parts=(Text(text="hello"),)),) == conversation.messages
    again = codec.render_request(conversation, model="m", default_max_tokens=7)
    assert conversation == codec.parse_request(msgspec.json.decode(again, type=dict[str, msgspec.Raw]))


def test_an_answer_survives_a_round_trip(codec):
    assert ANSWER == codec.parse_answer(codec.render_answer(ANSWER, created=5))


def test_a_stream_survives_a_round_trip(codec):
    renderer = codec.answer_renderer(created=5, include_usage=False)
    deltas = [Started(id="a", model="m"), TextDelta(text="hi"), Finished(stop_reason=StopReason.END_TURN)]
    parser = codec.answer_parser()
    heard = parser.feed(b"".join(renderer.feed(delta) for delta in deltas) + renderer.finish()) + parser.finish()
    assert [delta for delta in heard if isinstance(delta, TextDelta | Finished)] == deltas[1:]


def test_the_error_event_is_read_as_a_failure(codec):
    parser = codec.answer_parser()
    (failed,) = parser.feed(codec.render_stream_error("gone", "upstream_timeout"))
    assert isinstance(failed, Failed)
    assert "gone" == failed.message


def test_the_message_of_an_error_body_is_found(codec):
    assert "no" == codec.parse_error(400, b'{"error":{"message":"no"}}')
