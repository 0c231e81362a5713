import json

from headgate.domain.conversation import Conversation, Message, Role, Text
from headgate.domain.formats import Format
from headgate.translate.registry import provider_codec_for

SAID = Conversation(messages=(Message(role=Role.USER, parts=(Text(text="Hi"),)),))


def test_all_sides_of_the_codec_are_connected():
    codec = provider_codec_for(Format.TGI_GENERATE)
    body = json.loads(codec.render_request(SAID, model="any", default_max_tokens=4096, ask_for_usage=True))
    assert "max_new_tokens" not in body["parameters"]
    assert "Model is overloaded" == codec.parse_error(429, b'{"error":"Model is overloaded","error_type":"overloaded"}')
    assert codec.answer_parser() is not codec.answer_parser()
    assert () == codec.parse_answer(b'{"generated_text":""}').parts
