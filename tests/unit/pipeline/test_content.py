"""The text of requests and answers: only where it is kept, redacted, bounded, before the row that it belongs to."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.infra.journal import RESERVE_BYTES
from headgate.ledger.records import Captured, Logged, Side, encode_record
from headgate.pipeline.content import LOOKED_AT, MAX_CHARS, captured
from headgate.pipeline.doors import EMBEDDINGS, MESSAGES
from tests.kit.fakes import (
    ORGANIZATION,
    MemoryJournal,
    Rig,
    ScriptedAnswer,
    broke_off,
    chat_answer,
    chat_stream,
    message_stream,
    read_all,
    snapshot_of,
)

KEEPING = msgspec.structs.replace(ORGANIZATION, capture_content=True)
BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Write to anna@example.com"}]}
KEPT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Write to [e-mail]"}]}


def keeping() -> Rig:
    return Rig(snapshot_of(organization=KEEPING))


def texts(journal: MemoryJournal) -> dict[str, str]:
    found: dict[str, str] = {}
    for piece in journal.of(Captured):
        found[piece.side] = found.get(piece.side, "") + piece.text
    return found


async def test_without_the_organizations_wish_nothing_is_kept():
    rig = Rig()
    await rig.run(ScriptedAnswer(200, chat_answer()), body=BODY)
    assert [] == rig.journal.of(Captured)


async def test_what_was_asked_and_answered_is_on_record_before_the_row():
    rig = keeping()
    await rig.run(ScriptedAnswer(200, chat_answer()), body=BODY)
    found = texts(rig.journal)
    assert KEPT == json.loads(found["request"])
    assert {"role": "assistant", "content": "Hi", "stop_reason": "end_turn"} == json.loads(found["answer"])
    assert isinstance(rig.journal.records[-1], Logged)
    assert ORGANIZATION.id == rig.journal.of(Captured)[0].organization_id


@pytest.mark.parametrize("door", ["chat", "messages"])
async def test_a_stream_is_kept_as_the_answer_that_it_was_and_its_client_sees_no_difference(door: str):
    anthropic = {"model": "claude-sonnet-4-5", "max_tokens": 50, "stream": True, "messages": BODY["messages"]}
    given = (
        {"script": chat_stream(), "body": BODY | {"stream": True}}
        if door == "chat"
        else {"script": message_stream(), "body": anthropic, "door": MESSAGES}
    )
    script = given.pop("script")
    rig, other = keeping(), Rig()
    kept = await read_all(await rig.run(ScriptedAnswer(200, script), **given))
    plain = await read_all(await other.run(ScriptedAnswer(200, script), **given))
    assert plain == kept
    expected = "Hi there" if door == "chat" else "Hi ünd there"
    assert expected == json.loads(texts(rig.journal)["answer"])["content"]
    assert isinstance(rig.journal.records[-1], Logged)


async def test_a_stream_that_broke_off_is_kept_as_far_as_it_came():
    rig = keeping()
    script = ScriptedAnswer(200, chat_stream(done=False)[:2], error=broke_off())
    await read_all(await rig.run(script, body=BODY | {"stream": True}))
    answer = json.loads(texts(rig.journal)["answer"])
    assert ("Hi", None) == (answer["content"], answer["stop_reason"])


async def test_a_refusal_has_a_request_and_no_answer():
    rig = keeping()
    with pytest.raises(Exception, match="no-such-model"):
        await rig.run(body=BODY | {"model": "no-such-model"})
    assert {"request"} == texts(rig.journal).keys()


async def test_answers_that_are_no_text_are_not_kept():
    rig = keeping()
    body = {"model": "text-embedding-3-small", "input": "Hello"}
    answer = b'{"object":"list","data":[{"embedding":[0.1]}],"model":"m","usage":{"prompt_tokens":2,"total_tokens":2}}'
    await rig.run(ScriptedAnswer(200, answer), body=body, door=EMBEDDINGS)
    assert {"request": '{"model":"text-embedding-3-small","input":"Hello"}'} == texts(rig.journal)


async def test_an_answer_that_cannot_be_read_fails_nobody():
    rig = keeping()
    reply = await rig.run(ScriptedAnswer(200, b'{"choices": 1}'), body=BODY)
    assert (200, {"request"}) == (reply.status, texts(rig.journal).keys())
    rig = keeping()
    stream = [b'data: {"choices": 1}\n\n', *chat_stream()]
    await read_all(await rig.run(ScriptedAnswer(200, stream), body=BODY | {"stream": True}))
    assert {"request"} == texts(rig.journal).keys()


async def test_a_journal_that_is_full_loses_the_text_and_not_the_call(monkeypatch: pytest.MonkeyPatch):
    rig = keeping()
    append = rig.journal.append

    def full(*records):
        rig.journal.full = any(isinstance(record, Captured) for record in records)
        try:
            append(*records)
        finally:
            rig.journal.full = False

    monkeypatch.setattr(rig.journal, "append", full)
    reply = await rig.run(ScriptedAnswer(200, chat_answer()), body=BODY)
    assert (200, [], 1) == (reply.status, rig.journal.of(Captured), len(rig.journal.of(Logged)))


@given(st.text(max_size=20_000), st.text(max_size=200).map(lambda text: text * 500))
def test_every_piece_fits_and_their_sum_is_the_text(asked: str, answered: str):
    body = json.dumps({"messages": asked}).encode()
    request = Rig().request(body)
    pieces = list(captured(request, "o", {"content": answered}))
    assert max(len(encode_record(piece)) for piece in pieces) < RESERVE_BYTES // 2 + 1024
    numbers = [piece.number for piece in pieces if piece.side is Side.ANSWER]
    assert list(range(len(numbers))) == numbers
    whole = "".join(piece.text for piece in pieces if piece.side is Side.REQUEST)
    assert len(whole) <= MAX_CHARS


@pytest.mark.parametrize("letters", ["a ", "ü ", "中 ", "😀 ", "aü中😀 "])
def test_characters_are_not_cut_apart(letters: str):
    text = letters * 9000
    pieces = [piece.text for piece in captured(Rig().request(b"x"), "o", {"content": text})]
    assert json.dumps({"content": text}, ensure_ascii=False, separators=(",", ":"))[:MAX_CHARS] == "".join(pieces)


def test_of_a_large_request_the_beginning_is_kept_as_text():
    body = json.dumps({"image": "iVBORw0K" * 50_000, "messages": "after the image"}).encode()
    (piece, *_) = captured(Rig().request(body), "o", None)
    assert piece.text.startswith('{"image": "[')
    assert f"{LOOKED_AT - 11} characters of data" in piece.text
    nested = b'{"messages":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert "".join(piece.text for piece in captured(Rig().request(nested), "o", None)).startswith('{"messages":[[[')


def test_what_is_no_object_is_not_kept():
    assert [] == list(captured(Rig().request(b"--boundary"), "o", None))
