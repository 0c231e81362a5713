import json

from headgate.domain.conversation import Conversation, Message, Role, Text
from headgate.domain.formats import Format
from headgate.translate.registry import provider_codec_for

SAID = Conversation(messages=(Message(role=Role.USER, parts=(Text(text="Hi"),)),), stream=True)


def test_all_sides_of_the_codec_are_connected():
    codec = provider_codec_for(Format.BEDROCK_CONVERSE)
    body = json.loads(codec.render_request(SAID, model="amazon.nova-lite-v1:0", default_max_tokens=4096))
    assert {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]} == body
    assert "Slow down." == codec.parse_error(429, b'{"message":"Slow down."}')
    assert codec.answer_parser() is not codec.answer_parser()
    assert () == codec.parse_answer(b'{"output":{"message":{"role":"assistant","content":[]}}}').parts
