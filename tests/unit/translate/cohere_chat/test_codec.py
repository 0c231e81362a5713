import json

from headgate.domain.conversation import Conversation, Message, Role, Text
from headgate.domain.formats import Format
from headgate.translate.registry import provider_codec_for

SAID = Conversation(messages=(Message(role=Role.USER, parts=(Text(text="Hi"),)),))


def test_all_sides_of_the_codec_are_connected():
    codec = provider_codec_for(Format.COHERE_CHAT)
    body = json.loads(codec.render_request(SAID, model="command-r", default_max_tokens=4096, ask_for_usage=True))
    assert ("command-r", None) == (body["model"], body.get("max_tokens"))
    assert "x" == codec.parse_error(429, b'{"id":"1","message":"x"}')
    assert codec.answer_parser() is not codec.answer_parser()
    assert () == codec.parse_answer(b'{"message":{"content":[]}}').parts
