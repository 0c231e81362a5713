import functools
from decimal import Decimal

import msgspec
import pytest
from structlog.testing import capture_logs

from headgate.domain.outcome import Outcome
from headgate.domain.prices import Rate
from headgate.domain.usage import Unit
from headgate.pipeline.doors import CHAT, MESSAGES, SPEECH, TRANSCRIPTIONS, Door
from headgate.server.door import DoorHandler
from tests.kit.fakes import (
    MemorySpool,
    Rig,
    ScriptedAnswer,
    broke_off,
    chat_answer,
    chat_stream,
    price_card,
    snapshot_of,
)
from tests.unit.server.exchanges import BODY, HEADERS, STREAMED, Client, call, receiving

COST = 100 * 1_000 + 10 * 4_000


def at(handler: DoorHandler, door: Door = CHAT):
    return functools.partial(handler, door)


async def test_a_call_is_answered(rig: Rig, handler: DoorHandler):
    rig.upstream.script = [ScriptedAnswer(200, chat_answer())]
    client = await call(at(handler), Client(CHAT.path, BODY[:10], BODY[10:], headers=HEADERS))
    assert (200, chat_answer(), "0.000140000") == (client.status, client.answer, client.headers["x-headgate-cost-usd"])
    assert client.headers["x-request-id"] == rig.journal.logged.request_id
    assert 0 == handler.running


async def test_a_stream_is_passed_on_piece_by_piece(rig: Rig, handler: DoorHandler):
    rig.upstream.script = [ScriptedAnswer(200, chat_stream())]
    client = await call(at(handler), Client(CHAT.path, STREAMED, headers=HEADERS))
    assert ("text/event-stream; charset=utf-8", b"".join(chat_stream())) == (
        client.headers["content-type"],
        client.answer,
    )
    assert len(client.heard) > 2
    assert client.ended
    assert (Outcome.OK, COST) == (rig.journal.settled.outcome, rig.journal.settled.cost)


async def test_a_stream_that_breaks_ends_with_an_error_event(rig: Rig, handler: DoorHandler):
    rig.upstream.script = [ScriptedAnswer(200, chat_stream()[:2], error=broke_off())]
    client = await call(at(handler), Client(CHAT.path, STREAMED, headers=HEADERS))
    assert b"upstream_broken" in client.answer
    assert b"[DONE]" not in client.answer


@pytest.mark.parametrize(("door", "key"), [(CHAT, "code"), (MESSAGES, "code")])
async def test_a_refusal_is_rendered_in_the_doors_envelope(handler: DoorHandler, door: Door, key: str):
    client = await call(at(handler, door), Client(door.path, b"{", headers=HEADERS))
    assert (400, "invalid_json") == (client.status, client.document["error"][key])
    assert ("type" in client.document) == (door is MESSAGES)


async def test_only_post_is_taken(handler: DoorHandler):
    client = await call(at(handler), Client(CHAT.path, method="GET", headers=HEADERS))
    assert (405, "method_not_allowed") == (client.status, client.document["error"]["code"])


async def test_without_a_key_nothing_is_recorded(rig: Rig, handler: DoorHandler):
    client = await call(at(handler), Client(CHAT.path, BODY))
    assert 401 == client.status
    assert [] == rig.journal.records


async def test_a_body_over_the_limit_is_refused(rig: Rig, handler: DoorHandler):
    for parts in ([b"x" * 600, b"x" * 600], [b"x" * 1_200]):
        client = await call(at(handler), Client(CHAT.path, *parts, headers=HEADERS))
        assert (413, "body_too_large") == (client.status, client.document["error"]["code"])
        assert [] == client.parts


async def test_a_client_that_is_gone_before_its_body_was_whole_hears_and_costs_nothing(rig: Rig, handler: DoorHandler):
    client = await call(at(handler), Client(CHAT.path, b"{", headers=HEADERS, breaks_off=True))
    assert (None, []) == (client.status, rig.journal.records)


async def test_a_body_in_parts_that_breaks_off_is_refused(rig: Rig, handler: DoorHandler):
    client = await call(at(handler), Client(CHAT.path, BODY[:9], BODY[9:], headers=HEADERS, breaks_off=True))
    assert (400, "body_broken") == (client.status, client.document["error"]["code"])
    assert [] == rig.journal.records


async def test_a_fault_of_ours_shows_only_an_id_and_is_logged_in_full(rig: Rig, handler: DoorHandler):
    rig.upstream.script = [RuntimeError("a secret detail")]
    with capture_logs() as lines:
        client = await call(at(handler), Client(CHAT.path, BODY, headers=HEADERS))
    assert 500 == client.status
    assert b"secret" not in client.answer
    assert ["fault"] == [line["event"] for line in lines]
    assert "a secret detail" in repr(lines[0]["exc_info"])
    assert lines[0]["request_id"] in client.answer.decode()


FORM = (
    b'--e\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\nID3%s\r\n'
    b'--e\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n--e--\r\n'
) % bytes(5_000)
UPLOAD = {**HEADERS, "content-type": "multipart/form-data; boundary=e"}


def uploading(**headers: str) -> Client:
    return Client(
        TRANSCRIPTIONS.path, *(FORM[start : start + 512] for start in range(0, len(FORM), 512)), headers=headers
    )


async def test_a_form_is_passed_on():
    card = price_card("openai", "whisper-1", rates={Unit.AUDIO_SECOND: Rate(Decimal(100))})
    rig = Rig(snapshot_of(cards=(card,)))
    handler = DoorHandler(rig.pipeline, rig.clock, receiving(100))
    rig.upstream.script = [ScriptedAnswer(200, b'{"text":"Hi","usage":{"type":"duration","seconds":2}}')]
    client = await call(at(handler, TRANSCRIPTIONS), uploading(**UPLOAD))
    assert (200, "Hi", "0.000200000") == (client.status, client.document["text"], client.headers["x-headgate-cost-usd"])
    assert bytes(5_000) in rig.upstream.asked[0].body


async def test_a_form_is_not_read_for_those_who_may_not_ask(rig: Rig, handler: DoorHandler):
    rig.keys.table.clear()
    opened: list[MemorySpool] = []
    reception = msgspec.structs.replace(receiving(100), open_spool=lambda: opened.append(MemorySpool()) or opened[-1])
    handler = DoorHandler(rig.pipeline, rig.clock, reception)
    client = await call(at(handler, TRANSCRIPTIONS), uploading(**UPLOAD))
    assert (401, []) == (client.status, opened)


async def test_a_form_over_its_own_limit_is_refused(rig: Rig):
    handler = DoorHandler(rig.pipeline, rig.clock, receiving(100_000, 1_000))
    client = await call(at(handler, TRANSCRIPTIONS), uploading(**UPLOAD))
    assert (413, "body_too_large") == (client.status, client.document["error"]["code"])


@pytest.mark.parametrize(
    ("door", "content_type"), [(TRANSCRIPTIONS, "application/json"), (SPEECH, UPLOAD["content-type"])]
)
async def test_a_form_where_json_belongs_and_json_where_a_form_does_are_refused(
    handler: DoorHandler, door: Door, content_type: str
):
    client = await call(
        at(handler, door), Client(door.path, b"x" * 100, headers={**HEADERS, "content-type": content_type})
    )
    assert (400, "invalid_form" if door.form else "invalid_json") == (client.status, client.document["error"]["code"])
