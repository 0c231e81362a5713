import json

import msgspec
import pytest

from headgate.domain.conversation import (
    Base64Source,
    Document,
    Image,
    Message,
    RedactedThinking,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UrlSource,
)
from headgate.translate.codec import UntranslatableError
from headgate.translate.gemini.parse_messages import parse_contents, parse_texts
from headgate.translate.signatures import hidden_to_gemini, to_gemini


def parse(*contents: object) -> tuple[Message, ...]:
    return parse_contents(msgspec.Raw(json.dumps(contents).encode()), "contents")


def user(*parts: object) -> dict:
    return {"role": "user", "parts": list(parts)}


def model(*parts: object) -> dict:
    return {"role": "model", "parts": list(parts)}


def call(name: str, **more: object) -> dict:
    return {"functionCall": {"name": name, **more}}


def result(name: str, response: object = None, **more: object) -> dict:
    return {"functionResponse": {"name": name, **({"response": response} if response is not None else {}), **more}}


def results(*contents: object) -> list[ToolResult]:
    return [part for message in parse(*contents) for part in message.parts if isinstance(part, ToolResult)]


def test_turns_are_read_in_either_spelling():
    expected = (
        Message(
            role=Role.USER, parts=(Text(text="look"), Image(source=Base64Source(media_type="image/png", data="A+/=")))
        ),
        Message(role=Role.ASSISTANT, parts=(Text(text="I see"),)),
    )
    assert expected == parse(
        user({"text": "look"}, {"inlineData": {"mimeType": "image/png", "data": "A-_="}}), model({"text": "I see"})
    )
    assert expected == parse(
        {"parts": [{"text": "look"}, {"inline_data": {"mime_type": "IMAGE/PNG; x=y", "data": "A+/="}}]},
        {"role": "model", "parts": {"text": "I see"}},
    )


def test_neighbours_of_one_role_are_one_turn_and_their_pieces_whole():
    (message,) = parse(
        model({"text": "a", "thought": True}),
        model({"text": "b", "thought": True}),
        model({"text": "", "thought": True, "thoughtSignature": to_gemini("sig")}),
        model({"text": "Hel"}),
        model({"text": "lo"}, {"text": ""}),
    )
    assert (Thinking(text="ab", signature="sig"), Text(text="Hello")) == message.parts


def test_what_others_hid_comes_back_hidden():
    (message,) = parse(model({"text": "", "thought": True, "thoughtSignature": hidden_to_gemini("data")}))
    assert (RedactedThinking(data="data"),) == message.parts


def test_the_signature_of_a_call_stands_in_front_of_it():
    (message,) = parse(model({**call("f", args={"x": 1.50}), "thoughtSignature": "c2ln"}))
    assert (
        Thinking(text="", signature="google:c2ln"),
        ToolCall(id="call_0", name="f", arguments='{"x":1.5}'),
    ) == message.parts


def test_calls_without_ids_get_them_by_their_place_and_their_results_find_them():
    history = (
        user({"text": "go"}),
        model(call("f", args={}), call("g"), call("f")),
        user(result("f", {"output": "1"}), result("g", {"output": "2"}), result("f", {"output": "3"})),
        model(call("f")),
        user(result("f", {"output": "4"})),
    )
    assert [("call_0", "1"), ("call_1", "2"), ("call_2", "3"), ("call_3", "4")] == [
        (each.call_id, each.content[0].text) for each in results(*history)
    ]


def test_ids_that_were_given_stay():
    history = (model(call("f", id="a"), call("f", id="b")), user(result("f", id="b"), result("f", id="a")))
    assert ["b", "a"] == [each.call_id for each in results(*history)]


def test_a_result_by_another_name_belongs_to_the_first_call_that_waits():
    assert ["a"] == [
        each.call_id for each in results(model(call("f", id="a")), {"role": "function", "parts": [result("x")]})
    ]


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ({"output": "done"}, ("done", False)),
        ({"result": "done"}, ("done", False)),
        ({"error": "no"}, ("no", True)),
        ({"output": 3}, ('{"output":3}', False)),
        ({"a": 1, "output": "x"}, ('{"a":1,"output":"x"}', False)),
    ],
)
def test_what_a_tool_said_is_its_text_or_its_object(response: dict, expected: tuple[str, bool]):
    (found,) = results(model(call("f")), user(result("f", response)))
    assert expected == (found.content[0].text, found.is_error)


def test_a_tool_may_say_nothing_and_show_something():
    (found,) = results(
        model(call("f")),
        user(result("f", parts=[{"inlineData": {"mimeType": "image/png", "data": "AA", "displayName": "a.png"}}])),
    )
    assert (Image(source=Base64Source(media_type="image/png", data="AA")),) == found.content


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"inlineData": {"mimeType": "application/pdf", "data": "AA", "displayName": "a.pdf"}},
         Document(source=Base64Source(media_type="application/pdf", data="AA"), title="a.pdf")),
        ({"inlineData": {"mimeType": "text/csv", "data": "AA"}},
         Document(source=Base64Source(media_type="text/csv", data="AA"))),
        ({"fileData": {"mimeType": "image/jpeg", "fileUri": "https://example.com/a"}},
         Image(source=UrlSource(url="https://example.com/a"))),
        ({"file_data": {"mime_type": "application/pdf", "file_uri": "HTTP://example.com/a"}},
         Document(source=UrlSource(url="HTTP://example.com/a"))),
    ],
)  # fmt: skip
def test_pictures_and_documents_are_read(part: dict, expected: object):
    ((found,),) = [message.parts for message in parse(user(part))]
    assert expected == found


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (user({"inlineData": {"mimeType": "audio/wav", "data": "AA"}}), "contents[0].parts[0].inlineData.mimeType"),
        (user({"fileData": {"mimeType": "image/png", "fileUri": "gs://b/a"}}), "contents[0].parts[0].fileData.fileUri"),
        (
            user({"fileData": {"mimeType": "image/png", "fileUri": "https://generativelanguage.googleapis.com/v1beta/files/a"}}),
            "contents[0].parts[0].fileData.fileUri",
        ),
        (user({"fileData": {"fileUri": "https://example.com/a.png"}}), "contents[0].parts[0].fileData.mimeType"),
        (model({"executableCode": {"code": "x"}}), "contents[0].parts[0].executableCode"),
        (user(result("f")), "contents[0].parts[0].functionResponse"),
        ({"role": "system", "parts": [{"text": "x"}]}, "contents[0].role"),
        (model({"functionCall": {"args": {}}}), "contents[0].parts[0].functionCall.name"),
        (model(call("f", args=[1])), "contents[0].parts[0].functionCall.args"),
        (user({"text": 1}), "contents[0].parts[0].text"),
    ],
)  # fmt: skip
def test_what_has_no_counterpart_is_named(content: dict, field: str):
    with pytest.raises(UntranslatableError) as caught:
        parse(content)
    assert field == caught.value.field


def test_a_tool_cannot_show_what_is_neither_picture_nor_file():
    with pytest.raises(UntranslatableError) as caught:
        parse(model(call("f")), user(result("f", parts=[{"text": "x"}])))
    assert "contents[1].parts[0].functionResponse.parts[0]" == caught.value.field


def test_instructions_are_text():
    assert (Text(text="a"), Text(text="b")) == parse_texts(
        msgspec.Raw(b'{"parts":[{"text":"a"},{"text":""},{"text":"b"}]}'), "systemInstruction"
    )
    with pytest.raises(UntranslatableError):
        parse_texts(msgspec.Raw(b'{"parts":{"inlineData":{"mimeType":"image/png","data":"AA"}}}'), "systemInstruction")
