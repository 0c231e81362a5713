import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

import msgspec
import pytest

from headgate.domain.errors import BadRequest, Conflict, GatewayError, Unavailable, UpstreamError
from headgate.domain.ids import OwnerId, RequestId
from headgate.domain.outcome import Outcome
from headgate.infra.replays.memory import MemoryKeyTable
from headgate.infra.replays.threaded import ThreadedReplays
from headgate.ledger.records import Sent, Settled
from headgate.pipeline.cut import CUT_SHORT
from headgate.pipeline.doors import COMPLETIONS, MESSAGES
from headgate.pipeline.form import Form
from headgate.pipeline.replay import MAX_ANSWER_BYTES, came_whole, once
from headgate.pipeline.request import Reply, Request
from tests.kit.fakes import (
    PRINCIPAL,
    Rig,
    ScriptedAnswer,
    broke_off,
    chat_answer,
    chat_stream,
    read_all,
    timed_out,
    unreachable,
)

BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
STREAM = BODY | {"stream": True}
KEYED = {"idempotency-key": "order-4711"}


class Told:
    """The story of one request: its attempts are read from the journal."""

    def __init__(self, rig: Rig, request: Request) -> None:
        self._rig = rig
        self._request = request
        self.replayed: tuple[int, RequestId] | None = None

    def settlements(self) -> Sequence[Settled | None]:
        mine = [record for record in self._rig.journal.records if record.request_id == self._request.id]
        settled = {record.attempt: record for record in mine if isinstance(record, Settled)}
        return [settled.get(record.attempt) for record in mine if isinstance(record, Sent)]

    def end_replayed(self, *, status: int, original: RequestId) -> None:
        self.replayed = (status, original)


class Counter:
    """A whole pipeline behind idempotency keys."""

    def __init__(self) -> None:
        self.rig = Rig()
        self.table = MemoryKeyTable()
        self.replays = ThreadedReplays(self.table, OwnerId("a" * 32))
        self.told: Told | None = None

    async def ask(self, *script, body=BODY, headers=KEYED, answer=None, **changes) -> Reply:
        request = self.rig.request(body, headers=headers, **changes)
        self.told = Told(self.rig, request)
        self.rig.upstream.script = list(script)
        answer = answer or (lambda: self.rig.pipeline.run(request))
        return await once(self.replays, request, PRINCIPAL, self.told, answer)

    async def status(self, script) -> int:
        try:
            return (await self.ask(script)).status
        except UpstreamError as error:
            return error.status

    async def refused(self, **changes) -> Conflict:
        with pytest.raises(Conflict) as raised:
            await self.ask(**changes)
        return raised.value

    @property
    def sent(self) -> int:
        return len(self.rig.upstream.asked)


@pytest.fixture
async def counter():
    opened = Counter()
    yield opened
    await opened.replays.close()


async def test_the_same_request_gets_the_same_answer_and_is_sent_once(counter: Counter):
    first = await counter.ask(ScriptedAnswer(200, chat_answer()))
    second = await counter.ask()
    assert (first.status, first.body, 1) == (second.status, second.body, counter.sent)
    original, again = dict(first.headers), dict(second.headers)
    assert original[b"x-request-id"] == again[b"x-headgate-original-request-id"]
    assert original[b"x-request-id"] != again[b"x-request-id"]
    assert (b"true", b"0") == (again[b"x-headgate-idempotent-replay"], again[b"x-headgate-cost-usd"])
    assert original[b"x-headgate-deployment"] == again[b"x-headgate-deployment"]
    assert len(again) == len(second.headers)
    assert counter.told is not None
    assert (200, original[b"x-request-id"].decode()) == counter.told.replayed


async def test_a_stream_is_replayed_as_a_stream_in_the_same_bytes(counter: Counter):
    first = await counter.ask(ScriptedAnswer(200, chat_stream()), body=STREAM)
    given = await read_all(first)
    second = await counter.ask(body=STREAM)
    assert (given, 1) == (await read_all(second), counter.sent)
    assert b"text/event-stream; charset=utf-8" == dict(second.headers)[b"content-type"]
    assert 1 == len(counter.rig.journal.of(Settled))


async def test_without_a_key_nobody_is_asked(counter: Counter):
    class Nobody:
        def __getattr__(self, name: str):
            raise AssertionError(name)

    counter.replays = Nobody()
    reply = await counter.ask(ScriptedAnswer(200, chat_answer()), headers={})
    assert 200 == reply.status
    counter.replays = ThreadedReplays(counter.table, OwnerId("a" * 32))


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "schlüssel", "a\x7f"])
async def test_a_key_that_is_none_is_named(counter: Counter, key: str):
    with pytest.raises(BadRequest) as raised:
        await counter.ask(headers={"idempotency-key": key})
    assert ("invalid_value", "idempotency-key") == (raised.value.code, raised.value.param)


async def test_the_longest_key_is_taken(counter: Counter):
    headers = {"idempotency-key": "~" * 255}
    await counter.ask(ScriptedAnswer(200, chat_answer()), headers=headers)
    assert 200 == (await counter.ask(headers=headers)).status


@pytest.mark.parametrize("changes", [{"body": BODY | {"n": 1}}, {"door": MESSAGES}])
async def test_another_body_or_path_is_another_request(counter: Counter, changes):
    await counter.ask(ScriptedAnswer(200, chat_answer()))
    assert "idempotency_key_reused" == (await counter.refused(**changes)).code


async def test_while_the_first_still_runs_the_key_is_in_use(counter: Counter):
    first = await counter.ask(ScriptedAnswer(200, chat_stream()), body=STREAM)
    conflict = await counter.refused(body=STREAM)
    assert ("idempotency_key_in_use", 1) == (conflict.code, conflict.retry_after_s)
    await read_all(first)


async def test_the_answer_is_kept_before_its_last_event_leaves(counter: Counter):
    chunks = chat_stream()
    first = await counter.ask(ScriptedAnswer(200, chunks), body=STREAM)
    given = b""
    async for chunk in first.stream:
        given += chunk
        if b"[DONE]" in chunk:
            break
    again = await counter.ask(body=STREAM)
    assert given == await read_all(again)
    await first.stream.aclose()


async def test_what_comes_behind_the_last_event_is_kept_too(counter: Counter):
    first = await counter.ask(ScriptedAnswer(200, [*chat_stream(), b": bye\n\n"]), body=STREAM)
    given = await read_all(first)
    assert given.endswith(b": bye\n\n")
    assert given == await read_all(await counter.ask(body=STREAM))


async def test_a_client_that_hung_up_finds_the_whole_answer(counter: Counter):
    first = await counter.ask(ScriptedAnswer(200, chat_stream()), body=STREAM)
    stream = first.stream
    await anext(stream)
    first.client_gone_at = counter.rig.clock.monotonic()
    async for _ in stream:
        pass
    assert b"".join(chat_stream()[:-2]) in await read_all(await counter.ask(body=STREAM))


@pytest.mark.parametrize(
    "script",
    [unreachable(), ScriptedAnswer(400, b'{"error":{"message":"No."}}'), ScriptedAnswer(429, b'{"error":{}}')],
    ids=["unreachable", "rejected", "over their limit"],
)
async def test_what_cost_nothing_may_be_tried_again(counter: Counter, script):
    assert await counter.status(script) >= 400
    assert 200 == (await counter.ask(ScriptedAnswer(200, chat_answer()))).status


async def test_what_we_refuse_may_be_tried_again(counter: Counter):
    counter.rig.journal.full = True
    with pytest.raises(Unavailable):
        await counter.ask()
    counter.rig.journal.full = False
    assert 200 == (await counter.ask(ScriptedAnswer(200, chat_answer()))).status


@pytest.mark.parametrize(
    "script",
    [
        timed_out(),
        ScriptedAnswer(200, b"", error=broke_off()),
        ScriptedAnswer(502, b"<html>"),
        ScriptedAnswer(504, b"{}"),
    ],
    ids=["timed out", "broke off", "a page of a proxy", "a gateway's timeout"],
)
async def test_what_may_have_been_charged_without_an_answer_is_not_sent_again(counter: Counter, script):
    assert await counter.status(script) >= 500
    conflict = await counter.refused()
    assert ("idempotency_outcome_unknown", None, 1) == (conflict.code, conflict.retry_after_s, counter.sent)


@pytest.mark.parametrize(
    "script",
    [
        ScriptedAnswer(200, chat_stream()[:2], error=broke_off()),
        ScriptedAnswer(200, chat_stream()[:2]),
        ScriptedAnswer(200, chat_stream(usage=False)),
    ],
    ids=["broken", "without an end", "without usage"],
)
async def test_a_stream_whose_cost_is_an_estimate_is_not_given_again(counter: Counter, script):
    await read_all(await counter.ask(script, body=STREAM))
    assert "idempotency_outcome_unknown" == (await counter.refused(body=STREAM)).code


async def test_a_stream_that_was_closed_in_the_middle_is_no_answer(counter: Counter):
    first = await counter.ask(ScriptedAnswer(200, chat_stream()), body=STREAM)
    await anext(first.stream)
    await first.stream.aclose()
    assert "idempotency_outcome_unknown" == (await counter.refused(body=STREAM)).code
    assert 1 == len(counter.rig.journal.of(Settled))


async def test_a_stream_that_nobody_began_to_read_is_ended_too(counter: Counter):
    first = await counter.ask(ScriptedAnswer(200, chat_stream()), body=STREAM)
    await first.stream.aclose()
    assert "idempotency_outcome_unknown" == (await counter.refused(body=STREAM)).code


async def test_a_request_that_was_cancelled_on_its_way_is_not_sent_again(counter: Counter):
    sent = asyncio.Event()

    async def hangs() -> Reply:
        sent.set()
        await asyncio.Event().wait()
        raise AssertionError

    counter.rig.upstream.post = lambda *_, **__: hangs()
    running = asyncio.create_task(counter.ask())
    await sent.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert "idempotency_outcome_unknown" == (await counter.refused()).code


def streamed(chunks: Sequence[bytes]) -> Callable[[], object]:
    async def stream() -> AsyncGenerator[bytes]:
        for chunk in chunks:
            yield chunk

    async def answer() -> Reply:
        return Reply(status=200, headers=[(b"content-type", b"text/event-stream")], stream=stream())

    return answer


def whole(body: bytes) -> Callable[[], object]:
    async def answer() -> Reply:
        return Reply(status=200, headers=[(b"content-type", b"application/json")], body=body)

    return answer


def settled(outcome: str = "ok", **changes) -> Settled:
    fields = {"request_id": RequestId("r"), "attempt": 1, "at": 0.0, "usage": None, "cost": None}
    fields |= {"card_id": None, "response_model": None, "status": 200}
    return Settled(outcome=Outcome(outcome), **{**fields, **changes})


class Settling(Counter):
    """Attempts that ended as the test says."""

    async def ask(self, *script, settlements=(), **changes) -> Reply:
        async def never() -> Reply:
            raise AssertionError

        request = self.rig.request(BODY, headers=KEYED)
        self.told = Told(self.rig, request)
        self.told.settlements = lambda: settlements
        return await once(self.replays, request, PRINCIPAL, self.told, changes.get("answer", never))


@pytest.fixture
async def settling():
    opened = Settling()
    yield opened
    await opened.replays.close()


@pytest.mark.parametrize("shape", ["whole", "streamed"])
@pytest.mark.parametrize(("size", "kept"), [(MAX_ANSWER_BYTES, True), (MAX_ANSWER_BYTES + 1, False)])
async def test_answers_over_a_mebibyte_are_not_kept(settling: Settling, shape: str, size: int, kept: bool):
    body = b"x" * size
    answer = whole(body) if shape == "whole" else streamed([body[:1000], body[1000:]])
    reply = await settling.ask(answer=answer, settlements=[settled()])
    given = reply.body if shape == "whole" else await read_all(reply)
    assert body == given
    if kept:
        again = await settling.ask()
        assert body == (again.body if shape == "whole" else await read_all(again))
    else:
        assert "idempotent_answer_not_kept" == (await settling.refused()).code


@pytest.mark.parametrize(
    ("status", "settlements", "expected"),
    [
        (200, [settled()], True),
        (200, [settled("estimated", error="upstream_timeout"), settled(attempt=2)], True),
        (200, [settled("estimated", error="usage_missing")], False),
        (200, [settled("estimated", error=CUT_SHORT)], True),
        (200, [settled("estimated", error="stream_incomplete")], False),
        (200, [settled(), None], False),
        (200, [], False),
        (400, [settled()], False),
        (302, [settled()], False),
    ],
)
def test_an_answer_came_whole(status: int, settlements: list[Settled | None], expected: bool):
    assert expected == came_whole(status, settlements)


@pytest.mark.parametrize(
    ("settlements", "code"),
    [
        (
            [settled("estimated", error="e"), settled("unreached", attempt=2)],
            "idempotency_outcome_unknown",
        ),
        ([settled("unreached"), settled("rejected", attempt=2)], None),
        ([settled()], "idempotency_outcome_unknown"),
    ],
    ids=["first timed out, then unreachable", "unreachable, then rejected", "charged, but unsayable"],
)
async def test_every_attempt_counts_when_the_last_one_failed(settling: Settling, settlements, code: str | None):
    async def fails() -> Reply:
        raise unreachable()

    with pytest.raises(GatewayError):
        await settling.ask(answer=fails, settlements=settlements)
    if code is None:
        assert b"x" == (await settling.ask(answer=whole(b"x"), settlements=[settled()])).body
    else:
        assert code == (await settling.refused()).code


async def test_headers_that_are_about_one_request_only_are_not_kept(settling: Settling):
    names = [b"x-request-id", b"x-ratelimit-remaining-requests", b"retry-after", b"x-headgate-cost-usd", b"x-other"]

    async def answer() -> Reply:
        return Reply(status=200, headers=[(name, b"1") for name in names], body=b"x")

    await settling.ask(answer=answer, settlements=[settled()])
    headers = dict((await settling.ask()).headers)
    assert {b"x-request-id", b"x-headgate-cost-usd", b"x-other", b"x-headgate-idempotent-replay"} < headers.keys()
    assert not headers.keys() & {b"x-ratelimit-remaining-requests", b"retry-after"}
    assert b"0" == headers[b"x-headgate-cost-usd"]


async def test_a_form_is_the_same_request_in_other_boundaries(counter: Counter):
    form = Form((), "ab" * 32, {"model": "gpt-4o", "prompt": "Hello"})
    await counter.ask(ScriptedAnswer(200, chat_answer()), form=form, door=COMPLETIONS)
    with pytest.raises(Conflict):
        await counter.ask(form=msgspec.structs.replace(form, sha256="cd" * 32), door=COMPLETIONS)
    again = await counter.ask(form=msgspec.structs.replace(form), door=COMPLETIONS)
    assert chat_answer() == again.body
