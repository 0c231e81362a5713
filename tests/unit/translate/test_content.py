import pytest

from headgate.domain.conversation import (
    Base64Source,
    Conversation,
    Document,
    Image,
    Message,
    Role,
    Text,
    TextSource,
    ToolCall,
    UrlSource,
)
from headgate.translate.codec import UntranslatableError
from headgate.translate.content import (
    address,
    inline_or_url,
    joined,
    only_text,
    plain_document,
    synthetic_id,
    tool_names,
)

PICTURE = Base64Source(media_type="image/png", data="aGk=")


def test_texts_are_joined_as_paragraphs():
    assert "a\n\nb" == joined([Text(text="a"), Text(text="b")])


def test_instructions_can_only_be_text():
    assert Text(text="a") == only_text(Text(text="a"), "f")
    with pytest.raises(UntranslatableError, match="f: instructions can only be text"):
        only_text(Image(source=PICTURE), "f")


def test_bytes_become_a_data_url_and_an_address_stays():
    assert "data:image/png;base64,aGk=" == address(PICTURE)
    assert "https://x.example/a.png" == address(UrlSource(url="https://x.example/a.png"))


@pytest.mark.parametrize(("title", "expected"), [("Law", "Law\n\nNo."), (None, "No.")])
def test_a_document_that_is_text_stands_below_its_title(title: str | None, expected: str):
    assert expected == plain_document(Document(source=TextSource(text="No."), title=title), "f")


def test_a_document_that_is_a_file_is_refused_by_name():
    with pytest.raises(UntranslatableError, match=r"f\.source: .*only as plain text"):
        plain_document(Document(source=PICTURE), "f")


def test_tools_are_named_by_their_calls():
    calls = (ToolCall(id="1", name="a", arguments=""), Text(text="x"), ToolCall(id="2", name="b", arguments=""))
    said = (Message(role=Role.USER, parts=(Text(text="q"),)), Message(role=Role.ASSISTANT, parts=calls))
    assert {"1": "a", "2": "b"} == tool_names(Conversation(messages=said))


def test_ids_are_unique_within_an_answer():
    assert len({synthetic_id(position) for position in range(9)}) == 9


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a/b.png", UrlSource(url="https://a/b.png")),
        ("data:image/PNG;base64,AA", Base64Source(media_type="image/png", data="AA")),
        ("data:text/plain;charset=utf-8;base64,AA", Base64Source(media_type="text/plain", data="AA")),
    ],
)
def test_bytes_are_inside_or_at_an_address(url: str, expected: object):
    assert expected == inline_or_url(url, "field")


@pytest.mark.parametrize("url", ["ftp://a", "data:image/png,AA", "file-1"])
def test_bytes_are_nowhere_else(url: str):
    with pytest.raises(UntranslatableError, match=r"^field: must be an http"):
        inline_or_url(url, "field")
