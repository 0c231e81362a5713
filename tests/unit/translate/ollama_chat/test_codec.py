import json

from headgate.domain.conversation import Conversation, Message, Role, Text
from headgate.domain.formats import Format
from headgate.translate.registry import provider_codec_for

SAID = Conversation(messages=(Message(role=Role.USER, parts=(Text(text="Hi"),)),))


def test_all_sides_of_the_codec_are_connected():
    codec = provider_codec_for(Format.OLLAMA_CHAT)
    body = json.loads(codec.render_request(SAID, model="llama3.2", default_max_tokens=4096, ask_for_usage=True))
    assert ("llama3.2", None) == (body["model"], body.get("options"))
    assert "model 'x' not found" == codec.parse_error(404, b'{"error":"model \'x\' not found"}')
    assert codec.answer_parser() is not codec.answer_parser()
    assert () == codec.parse_answer(b'{"message":{"content":""},"done":true}').parts
