"""Receipts: for those who ask, in a header or behind a stream; nobody else's bytes change."""

import json
from decimal import Decimal

import msgspec
import pytest

from headgate.domain.ids import OwnerId
from headgate.domain.money import nano_to_usd
from headgate.infra.replays.memory import MemoryKeyTable
from headgate.infra.replays.threaded import ThreadedReplays
from headgate.pipeline.call import Pipeline
from headgate.pipeline.receipt import RECEIPT_EVENT, RECEIPT_HEADER
from headgate.pipeline.request import Reply
from headgate.snapshot.contract import ExchangeRate
from tests.kit.fakes import (
    ORGANIZATION,
    Rig,
    ScriptedAnswer,
    broke_off,
    chat_answer,
    chat_stream,
    read_all,
    snapshot_of,
)

ASKED = {RECEIPT_HEADER: "true"}
STREAM = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}], "stream": True}
RATES = (ExchangeRate("EUR", "1.25"), ExchangeRate("USD", "1"))


def receipt_in(reply: Reply) -> dict[str, object]:
    return json.loads(dict(reply.headers)[RECEIPT_HEADER.encode()], parse_float=Decimal)


def receipt_behind(body: bytes) -> dict[str, object]:
    head, _, data = body.rstrip(b"\n").rpartition(b"\ndata: ")
    assert head.endswith(b"event: " + RECEIPT_EVENT.encode())
    return json.loads(data, parse_float=Decimal)


async def test_a_whole_answer_has_it_in_a_header():
    rig = Rig(msgspec.structs.replace(snapshot_of(), exchange_rates=RATES))
    reply = await rig.run(ScriptedAnswer(200, chat_answer()), headers=ASKED)
    assert {
        "request_id": rig.journal.logged.request_id,
        "cost_usd": Decimal("0.00014"),
        "cost_eur": Decimal("0.000112"),
        "estimated": False,
        "provider": "openai",
        "model": "gpt-4o",
        "prompt_tokens": 100,
        "completion_tokens": 10,
        "total_tokens": 110,
        "attempts": 1,
        "latency_ms": Decimal("0.0"),
    } == receipt_in(reply)


async def test_a_stream_has_it_behind_its_end_when_all_is_on_record():
    rig = Rig()
    body = await read_all(await rig.run(ScriptedAnswer(200, chat_stream()), body=STREAM, headers=ASKED))
    plain = await read_all(await Rig().run(ScriptedAnswer(200, chat_stream()), body=STREAM))
    assert plain == body[: len(plain)]
    receipt = receipt_behind(body)
    assert (rig.journal.logged.request_id, Decimal("0.00014")) == (receipt["request_id"], receipt["cost_usd"])


async def test_who_does_not_ask_gets_none():
    reply = await Rig().run(ScriptedAnswer(200, chat_answer()))
    assert RECEIPT_HEADER.encode() not in dict(reply.headers)


async def test_a_stream_that_broke_off_says_what_was_booked():
    rig = Rig()
    script = ScriptedAnswer(200, chat_stream(done=False)[:2], error=broke_off())
    receipt = receipt_behind(await read_all(await rig.run(script, body=STREAM, headers=ASKED)))
    assert True is receipt["estimated"]
    assert receipt["prompt_tokens"] is None
    assert nano_to_usd(rig.journal.sent.hold) == receipt["cost_usd"]


async def test_a_model_without_a_price_costs_nobody_knows_what():
    organization = msgspec.structs.replace(ORGANIZATION, unpriced_allowed=True)
    rig = Rig(msgspec.structs.replace(snapshot_of(cards=(), organization=organization), exchange_rates=RATES))
    receipt = receipt_in(await rig.run(ScriptedAnswer(200, chat_answer()), headers=ASKED))
    assert (None, None) == (receipt["cost_usd"], receipt["cost_eur"])


async def test_it_is_ascii_whatever_a_provider_calls_its_model():
    reply = await Rig().run(ScriptedAnswer(200, chat_answer(model="gpt-4o 中😀\x7f")), headers=ASKED)
    assert dict(reply.headers)[RECEIPT_HEADER.encode()].isascii()
    assert "gpt-4o 中😀\x7f" == receipt_in(reply)["model"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_a_replay_has_one_of_its_own_and_costs_nothing(stream: bool):
    rig = Rig()
    rig.pipeline = Pipeline(
        rig.outside, configs=rig.configs, replays=ThreadedReplays(MemoryKeyTable(), OwnerId("a" * 32))
    )
    headers = ASKED | {"idempotency-key": "order-4711"}
    body = STREAM | {"stream": stream}
    answer = ScriptedAnswer(200, chat_stream() if stream else chat_answer())
    first = await rig.run(answer, body=body, headers=headers)
    told = receipt_behind(await read_all(first)) if stream else receipt_in(first)
    again = await rig.run(body=body, headers=headers)
    told_again = receipt_behind(await read_all(again)) if stream else receipt_in(again)
    assert (Decimal("0.00014"), Decimal(0)) == (told["cost_usd"], told_again["cost_usd"])
    assert told["request_id"] != told_again["request_id"]
    assert 1 == len(rig.upstream.asked)
