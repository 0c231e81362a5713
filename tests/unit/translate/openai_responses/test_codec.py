from headgate.translate.openai_responses.codec import OpenAiResponsesCodec
from tests.kit.translation import events


def test_an_error_that_breaks_a_stream_reads_as_the_format_and_as_sdks_have_it():
    ((name, event),) = events(OpenAiResponsesCodec().render_stream_error("Broke.", "upstream_broken"))
    assert ("error", "error", "Broke.", "upstream_broken") == (name, event["type"], event["message"], event["code"])
    assert ("Broke.", "upstream_broken") == (event["error"]["message"], event["error"]["code"])


def test_the_message_of_an_error_is_found():
    assert "No." == OpenAiResponsesCodec().parse_error(400, b'{"error":{"message":"No.","code":"x"}}')
