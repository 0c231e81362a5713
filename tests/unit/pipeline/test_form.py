import json
from typing import Any

import pytest

from headgate.domain.errors import BadRequest
from headgate.pipeline.form import Form, FormBody, FormHash, Part, once_at_most
from headgate.wire.multipart import FormReader, PartHead
from tests.kit.fakes import MemorySpool

SOUND = b"\xff\xfb" + bytes(2_998)


def form(*parts: tuple[str, str | None, bytes], sha256: str = "ab" * 32) -> Form:
    made = tuple(
        Part(PartHead(name, filename, "audio/mpeg" if filename else None), MemorySpool(content))
        for name, filename, content in parts
    )
    texts = {name: content.decode() for name, filename, content in parts if filename is None}
    return Form(made, sha256, texts)


ASKED = form(("file", "a.mp3", SOUND), ("model", None, b"sim/transcribe"), ("prompt", None, b"H\xc3\xa4"))


def fields(asked: Form) -> dict[str, Any]:
    return {name: json.loads(bytes(raw)) for name, raw in asked.fields().items()}


def test_a_form_reads_like_json_and_a_file_is_what_is_known_of_it():
    assert {
        "file": {"filename": "a.mp3", "content_type": "audio/mpeg", "bytes": 3_000, "seconds": 3},
        "model": "sim/transcribe",
        "prompt": "Hä",
    } == fields(ASKED)


def test_figures_and_flags_are_what_they_are_in_json():
    asked = form(("stream", None, b"true"), ("n", None, b"03"), ("partial_images", None, b"2"), ("size", None, b"7"))
    assert {"stream": True, "n": 3, "partial_images": 2, "size": "7"} == fields(asked)


@pytest.mark.parametrize("text", [b"two", b"-1", b"1.5", b"", "\u0663".encode(), b"9" * 5_000])
def test_what_is_no_figure_stays_a_text(text: bytes):
    assert {"n": text.decode()} == fields(form(("n", None, text)))


def test_several_files_of_one_name_are_a_list():
    asked = form(("image[]", "a.png", b"1"), ("image[]", "b.png", b"22"))
    assert ["a.png", "b.png"] == [known["filename"] for known in fields(asked)["image"]]


async def said(body: FormBody) -> bytes:
    return b"".join([chunk async for chunk in body.chunks()])


def parts_of(raw: bytes, content_type: str) -> list[tuple[str, str | None, bytes]]:
    reader = FormReader(content_type)
    found: list[tuple[str, str | None, bytes]] = []
    head, content = PartHead("", None, None), b""
    for event in reader.feed(raw):
        if isinstance(event, PartHead):
            head, content = event, b""
        elif event is None:
            found.append((head.name, head.filename, content))
        else:
            content += event
    reader.finish()
    return found


async def test_it_is_said_again_with_what_is_changed_and_its_length_is_known():
    body = FormBody(ASKED, {"model": "whisper-1"})
    raw = await said(body)
    assert body.length == len(raw)
    assert [
        ("file", "a.mp3", SOUND),
        ("prompt", None, "Hä".encode()),
        ("model", None, b"whisper-1"),
    ] == parts_of(raw, body.content_type)


async def test_it_can_be_said_as_often_as_it_is_tried():
    body = FormBody(ASKED, {})
    assert await said(body) == await said(body)


async def test_a_file_is_never_taken_for_the_field_of_its_name():
    body = FormBody(form(("model", "model.txt", b"x")), {"model": "m"})
    assert [("model", "model.txt", b"x"), ("model", None, b"m")] == parts_of(await said(body), body.content_type)


def test_a_field_that_is_given_twice_is_refused():
    once_at_most(ASKED, "model")
    with pytest.raises(BadRequest) as refusal:
        once_at_most(form(("model", None, b"a"), ("model", None, b"b")), "model")
    assert "model" == refusal.value.param


def hashed(*parts: tuple[PartHead, list[bytes]]) -> str:
    whole = FormHash()
    for head, chunks in parts:
        whole.begin(head)
        for chunk in chunks:
            whole.add(chunk)
        whole.end(sum(map(len, chunks)))
    return whole.hexdigest()


def test_the_same_form_hashes_the_same_however_it_is_cut_and_any_other_differs():
    head, other = PartHead("a", None, None), PartHead("b", None, None)
    first = hashed((head, [b"xy"]), (other, [b"z"]))
    assert first == hashed((head, [b"x", b"y"]), (other, [b"z"]))
    assert first != hashed((head, [b"x"]), (other, [b"yz"]))
    assert first != hashed((other, [b"xy"]), (head, [b"z"]))
    assert first != hashed((PartHead("a", "a", None), [b"xy"]), (other, [b"z"]))
