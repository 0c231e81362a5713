import json
from typing import Any

import pytest

from headgate.domain.errors import BadRequest, TooLarge, Unavailable
from headgate.pipeline.form import Form
from headgate.server.forms import MAX_FIELD_BYTES, IncomingForm
from headgate.server.http import IncomingBody
from tests.kit.fakes import MemorySpool
from tests.unit.server.exchanges import Client

TYPE = "multipart/form-data; boundary=edge"


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    file = f'; filename="{filename}"' if filename is not None else ""
    return b'--edge\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (
        name.encode(),
        file.encode(),
        content,
    )


def body(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--edge--\r\n"


WHOLE = body(part("file", b"RIFF" * 50, "a.wav"), part("model", b"m"))


async def read(*chunks: bytes, content_type: str = TYPE, limit: int = 3_000_000, spool: Any = MemorySpool) -> Form:
    client = Client("/v1/audio/transcriptions", *chunks, headers={"content-type": content_type})
    return await IncomingForm(IncomingBody(client, dict(client.header_fields()), limit), content_type, spool).form()


async def refused(*chunks: bytes, **changes: Any) -> BadRequest:
    with pytest.raises(BadRequest) as refusal:
        await read(*chunks, **changes)
    return refusal.value


async def test_fields_and_files_are_told_apart_and_the_model_may_come_last():
    form = await read(WHOLE)
    assert {"model": "m"} == form.texts
    assert ["file", "model"] == [one.head.name for one in form.parts]
    assert {"file", "model"} == form.fields().keys()
    assert 200 == json.loads(bytes(form.fields()["file"]))["bytes"]


async def test_however_it_comes_it_is_the_same_form():
    whole, in_parts = await read(WHOLE), await read(*(WHOLE[start : start + 7] for start in range(0, len(WHOLE), 7)))
    other_edges = await read(WHOLE.replace(b"edge", b"other"), content_type="multipart/form-data; boundary=other")
    assert whole.sha256 == in_parts.sha256 == other_edges.sha256
    assert whole.sha256 != (await read(WHOLE.replace(b"RIFF", b"RIFX"))).sha256


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data", ""])
async def test_what_is_no_form_is_refused(content_type: str):
    refusal = await refused(WHOLE, content_type=content_type)
    assert ("invalid_form", 400) == (refusal.code, refusal.status)


@pytest.mark.parametrize("raw", [WHOLE[:-20], b"{}", WHOLE.replace(b'; name="model"', b"")])
async def test_a_broken_form_is_refused(raw: bytes):
    assert "invalid_form" == (await refused(raw)).code


async def test_a_field_that_is_no_text_is_refused_by_its_name():
    refusal = await refused(body(part("prompt", b"\xff")))
    assert ("invalid_utf8", "prompt") == (refusal.code, refusal.param)


@pytest.mark.parametrize("chunks", [(WHOLE,), (WHOLE[:100], WHOLE[100:])])
async def test_a_form_over_the_limit_is_refused_whether_it_was_announced_or_not(chunks: tuple[bytes, ...]):
    with pytest.raises(TooLarge):
        await read(*chunks, limit=150)


async def test_fields_are_not_as_long_as_files():
    with pytest.raises(TooLarge) as refusal:
        await read(body(part("prompt", b"x" * (MAX_FIELD_BYTES + 1))))
    assert "prompt" == refusal.value.param
    assert (await read(body(part("file", b"x" * (MAX_FIELD_BYTES + 1), "a")))).parts[0].content.size > MAX_FIELD_BYTES


async def test_where_it_cannot_be_kept_that_is_said():
    class Full(MemorySpool):
        def __init__(self) -> None:
            super().__init__()
            self.full = True

    with pytest.raises(Unavailable):
        await read(WHOLE, spool=Full)
