import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.wire.multipart import MAX_PARTS, FormError, FormReader, PartHead, render_end, render_head

TYPE = "multipart/form-data; boundary=edge"
FORM = (
    b"--edge\r\n"
    b'Content-Disposition: form-data; name="file"; filename="a.wav"\r\n'
    b"Content-Type: audio/wav\r\n\r\n"
    b"RIFF\r\n--edg\x00\xff\r\n"
    b"--edge\r\n"
    b'Content-Disposition: form-data; name="model"\r\n\r\n'
    b"whisper-1\r\n"
    b"--edge--\r\n"
)
PARTS = [
    (PartHead("file", "a.wav", "audio/wav"), b"RIFF\r\n--edg\x00\xff"),
    (PartHead("model", None, None), b"whisper-1"),
]


def read(raw: bytes, *cuts: int, content_type: str = TYPE) -> list[tuple[PartHead, bytes]]:
    reader = FormReader(content_type)
    parts: list[tuple[PartHead, bytes]] = []
    content = bytearray()
    head: PartHead | None = None
    for start, end in itertools.pairwise([0, *sorted(cuts), len(raw)]):
        for event in reader.feed(raw[start:end]) if end > start else ():
            if isinstance(event, PartHead):
                head, content = event, bytearray()
            elif event is None:
                assert head is not None
                parts.append((head, bytes(content)))
            else:
                content += event
    reader.finish()
    return parts


def test_a_form_comes_apart_into_its_parts():
    assert PARTS == read(FORM)


@given(st.lists(st.integers(0, len(FORM)), max_size=8))
def test_cutting_the_bytes_anywhere_changes_nothing(cuts: list[int]):
    assert PARTS == read(FORM, *cuts)


def test_what_stands_behind_the_last_part_is_left_alone():
    assert PARTS == read(FORM + b"\r\nmore", len(FORM))


@pytest.mark.parametrize("content_type", ["", "application/json", "multipart/form-data", "multipart/mixed; boundary=x"])
def test_another_content_type_is_no_form(content_type: str):
    with pytest.raises(FormError, match="content-type"):
        FormReader(content_type)


@pytest.mark.parametrize(
    "raw",
    [
        FORM[:-12],
        FORM[:60],
        b"",
        b"not a form at all, but longer than any boundary of it",
        FORM.replace(b'; name="model"', b""),
        FORM.replace(b"form-data; name", b"attachment; name"),
        FORM.replace(b"Content-Type: audio/wav\r\n", b"Content-Type: audio/wav\n"),
    ],
    ids=["no end", "cut in a head", "empty", "no boundary", "no name", "no form data", "bad line break"],
)
def test_what_is_broken_is_refused(raw: bytes):
    with pytest.raises(FormError):
        read(raw)


def test_a_form_of_endless_parts_is_refused():
    part = b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'
    assert MAX_PARTS == len(read(part * MAX_PARTS + b"--edge--\r\n"))
    with pytest.raises(FormError):
        read(part * (MAX_PARTS + 1) + b"--edge--\r\n")


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


@given(
    heads=st.lists(
        st.builds(PartHead, NAMES, st.none() | NAMES, st.sampled_from([None, "audio/mpeg"])), min_size=1, max_size=4
    ),
    content=st.binary(max_size=40),
)
def test_what_is_rendered_is_read_back(heads: list[PartHead], content: bytes):
    whole = b"".join(render_head(head, "edge-7") + content + b"\r\n" for head in heads) + render_end("edge-7")
    found = read(whole, content_type="multipart/form-data; boundary=edge-7")
    assert [content] * len(heads) == [each for _, each in found]
    assert [head.content_type for head in heads] == [head.content_type for head, _ in found]


@pytest.mark.parametrize("name", ['a"b', "a\r\nX-Evil: 1", "a\nb"])
def test_no_name_breaks_out_of_its_line(name: str):
    head = render_head(PartHead(name, name, None), "edge")
    assert 4 == head.count(b"\r\n") + 1
    assert b"X-Evil" not in head.split(b"\r\n")
