import asyncio
import hashlib

import pytest

from headgate.domain.errors import BadRequest, NotAuthenticated, TooLarge
from headgate.domain.principal import Attribution
from headgate.server.http import (
    ClientGoneError,
    IncomingBody,
    attribution_of,
    headers_of,
    key_hash_of,
    send_whole,
)

GONE = {"type": "http.disconnect"}


def part(body: bytes, *, more: bool = False) -> dict:
    return {"type": "http.request", "body": body, "more_body": more}


class Incoming:
    def __init__(self, *messages: dict) -> None:
        self.left = list(messages)

    async def __call__(self) -> dict:
        if not self.left:
            await asyncio.Event().wait()
        return self.left.pop(0)


def incoming(*messages: dict, limit: int = 10, **headers: str) -> IncomingBody:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return IncomingBody(Incoming(*messages), named, limit)


def test_header_names_are_looked_up_in_lower_case_and_the_last_of_two_counts():
    scope = {"headers": [(b"x-a", b"1"), (b"x-b", b"caf\xe9"), (b"x-a", b"2")]}
    assert {"x-a": "2", "x-b": "café"} == headers_of(scope)


def test_too_many_headers_are_refused():
    with pytest.raises(BadRequest) as refusal:
        headers_of({"headers": [(b"cookie", b"x" * 70_000)]})
    assert "headers_too_large" == refusal.value.code


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer sk-1"},
        {"authorization": "bearer  sk-1 "},
        {"x-api-key": "sk-1"},
        {"api-key": "sk-1"},
        {"x-goog-api-key": "sk-1"},
        {"x-pulse-key": "sk-1"},
        {"authorization": "Basic dTpw", "x-api-key": "sk-1"},
        {"authorization": "Bearer sk-1", "x-api-key": "sk-2"},
    ],
)
def test_a_key_is_found_wherever_an_sdk_puts_it(headers: dict[str, str]):
    assert hashlib.sha256(b"sk-1").digest() == key_hash_of(headers)


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer "}, {"authorization": "Basic dTpw"}, {"x-api-key": ""}]
)
def test_without_a_key_a_request_is_refused(headers: dict[str, str]):
    with pytest.raises(NotAuthenticated) as refusal:
        key_hash_of(headers)
    assert "missing_api_key" == refusal.value.code


def test_labels_are_read_from_headers_of_their_names():
    headers = {"x-headgate-team": "core", "x-headgate-user": "u", "x-headgate-app": "", "x-other": "x"}
    assert Attribution(team="core", user="u") == attribution_of(headers)
    assert Attribution() == attribution_of({})


def test_every_label_has_its_header():
    headers = {f"x-headgate-{name}": name for name in Attribution.__struct_fields__}
    assert Attribution(**{name: name for name in Attribution.__struct_fields__}) == attribution_of(headers)


def test_a_label_that_is_too_long_is_refused_by_name():
    assert "t" * 200 == attribution_of({"x-headgate-team": "t" * 200}).team
    with pytest.raises(BadRequest) as refusal:
        attribution_of({"x-headgate-team": "t" * 201})
    assert "x-headgate-team" == refusal.value.param


async def test_a_body_is_read_whole_in_however_many_parts():
    assert b"1234567890" == await incoming(part(b"1234567890")).read()
    assert b"1234567890" == await incoming(part(b"123", more=True), part(b"", more=True), part(b"4567890")).read()
    assert b"" == await incoming(part(b"")).read()


@pytest.mark.parametrize(
    "messages", [[part(b"12345678901")], [part(b"12345678", more=True), part(b"901", more=True), part(b"x" * 100)]]
)
async def test_a_body_over_the_limit_is_refused(messages: list[dict]):
    with pytest.raises(TooLarge) as refusal:
        await incoming(*messages).read()
    assert (413, "body_too_large") == (refusal.value.status, refusal.value.code)


async def test_what_is_announced_as_too_large_is_not_read_at_all():
    reading = Incoming(part(b"small"))
    with pytest.raises(TooLarge):
        await IncomingBody(reading, {"content-length": "11"}, 10).read()
    assert 1 == len(reading.left)


@pytest.mark.parametrize("messages", [[GONE], [part(b"123", more=True), GONE]])
async def test_a_client_that_hangs_up_before_the_end_is_gone(messages: list[dict]):
    with pytest.raises(ClientGoneError):
        await incoming(*messages).read()


async def test_what_is_still_coming_is_taken_and_thrown_away():
    reading = Incoming(part(b"1" * 20, more=True), part(b"2" * 20, more=True), part(b"3"))
    refused = IncomingBody(reading, {}, 10)
    with pytest.raises(TooLarge):
        await refused.read()
    await refused.discard()
    assert [] == reading.left
    await refused.discard()


async def test_a_client_that_hangs_up_while_its_body_is_thrown_away_is_no_error():
    assert await incoming(GONE).discard() is None


async def test_an_answer_says_its_length():
    sent: list[dict] = []

    async def send(message: dict) -> None:
        sent.append(message)

    await send_whole(send, 200, [(b"a", b"b")], b"12345")
    assert [(b"a", b"b"), (b"content-length", b"5")] == sent[0]["headers"]
    assert b"12345" == sent[1]["body"]
