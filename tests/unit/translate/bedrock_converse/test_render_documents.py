import base64

import pytest

from headgate.domain.conversation import Base64Source, Document, Image, TextSource, UrlSource
from headgate.translate.bedrock_converse.render_documents import Documents
from headgate.translate.codec import UntranslatableError


def image(media_type: str) -> Image:
    return Image(source=Base64Source(media_type=media_type, data="aGk="))


def document(media_type: str = "application/pdf", title: str | None = None) -> Document:
    return Document(source=Base64Source(media_type=media_type, data="aGk="), title=title)


@pytest.mark.parametrize(
    ("expected", "media_type"),
    [("png", "image/png"), ("jpeg", "image/jpeg"), ("jpeg", "IMAGE/JPG"), ("gif", "image/gif"), ("webp", "image/webp")],
)
def test_pictures_are_bytes_of_a_kind(expected: str, media_type: str):
    rendered = Documents().image(image(media_type), "f")
    assert {"image": {"format": expected, "source": {"bytes": "aGk="}}} == rendered


def test_the_other_alphabet_of_base64_is_understood():
    source = Base64Source(media_type="image/png", data="-_-_")
    assert "+/+/" == Documents().image(Image(source=source), "f")["image"]["source"]["bytes"]


@pytest.mark.parametrize(
    ("field", "part"),
    [
        ("f.source", image("image/svg+xml")),
        ("f.source", Image(source=UrlSource(url="https://a.test/i.png"))),
        # The bucket would be read with the gateway's own rights.
        ("f.source", Image(source=UrlSource(url="s3://bucket/i.png"))),
        ("f.source", document("application/zip")),
        ("f.source", Document(source=UrlSource(url="https://a.test/d.pdf"))),
    ],
)
def test_what_bedrock_does_not_take_is_refused(field: str, part: Image | Document):
    documents = Documents()
    with pytest.raises(UntranslatableError) as found:
        documents.image(part, "f") if isinstance(part, Image) else documents.document(part, "f")
    assert field == found.value.field


@pytest.mark.parametrize(
    ("expected", "media_type"),
    [
        ("pdf", "application/pdf"),
        ("csv", "text/csv"),
        ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("xls", "application/vnd.ms-excel"),
        ("html", "text/html; charset=utf-8"),
        ("md", "text/markdown"),
        ("txt", "text/plain"),
        ("txt", "text/x-python"),
    ],
)
def test_documents_have_a_kind(expected: str, media_type: str):
    assert expected == Documents().document(document(media_type), "f")["document"]["format"]


def test_plain_text_is_a_document_of_bytes():
    rendered = Documents().document(Document(source=TextSource(text="Grüße"), title="Notes"), "f")
    data = base64.b64encode("Grüße".encode()).decode()
    assert {"document": {"format": "txt", "name": "Notes", "source": {"bytes": data}}} == rendered


def test_names_have_only_the_signs_that_are_taken_and_all_differ():
    documents = Documents()
    titles = [None, None, "report.pdf", "report_pdf", "  a   b\n(1) [x]-y ", "日本語", "x" * 300]
    names = [documents.document(document(title=title), "f")["document"]["name"] for title in titles]
    assert [
        "document",
        "document (2)",
        "report pdf",
        "report pdf (2)",
        "a b (1) [x]-y",
        "document (3)",
        "x" * 180,
    ] == names
