import asyncio
import hashlib

import pytest

from headgate.domain.errors import BadRequest, NotAuthenticated, TooLarge
from headgate.domain.principal import Attribution
from headgate.server import http
from headgate.server.exchange import ClientGoneError
from headgate.server.http import (
    IncomingBody,
    attribution_of,
    headers_of,
    key_hash_of,
    unreadable_headers,
)
from tests.unit.server.exchanges import Client


def incoming(*parts: bytes, breaks_off: bool = False) -> tuple[IncomingBody, Client]:
    client = Client("/", *parts, breaks_off=breaks_off)
    return IncomingBody(client, dict(client.fields), 10), client


def with_headers(*fields: tuple[str, str], unreadable: list[str] | None = None) -> Client:
    client = Client("/")
    client.fields, client.unreadable = list(fields), unreadable or []
    return client


def test_of_a_header_given_twice_the_last_counts():
    assert {"x-a": "2", "x-b": "b"} == headers_of(with_headers(("x-a", "1"), ("x-b", "b"), ("x-a", "2")))


def test_too_many_headers_are_refused():
    with pytest.raises(BadRequest) as refusal:
        headers_of(with_headers(("cookie", "x" * 70_000)))
    assert "headers_too_large" == refusal.value.code


@pytest.mark.parametrize("name", ["x-headgate-team", "idempotency-key"])
def test_a_header_that_money_depends_on_is_refused_when_it_cannot_be_read(name: str):
    with pytest.raises(BadRequest) as refusal:
        headers_of(with_headers(("host", "x"), ("host", "x"), unreadable=["user-agent", name]))
    assert ("invalid_value", name) == (refusal.value.code, refusal.value.param)


def test_any_other_header_that_cannot_be_read_is_left_out():
    client = with_headers(("host", "x"), unreadable=["user-agent"])
    assert {"host": "x"} == headers_of(client)
    assert {"user-agent"} == unreadable_headers(client, {"host": "x"})


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


@pytest.mark.parametrize("parts", [[b"1234567890"], [b"123", b"4567890"], [b""], []])
async def test_a_body_is_read_whole_in_however_many_parts(parts: list[bytes]):
    body, client = incoming(*parts)
    assert b"".join(parts) == await body.read()
    assert [] == client.parts


@pytest.mark.parametrize("parts", [[b"12345678901"], [b"12345678", b"901", b"x" * 100]])
async def test_a_body_over_the_limit_is_refused_and_not_read_further(parts: list[bytes]):
    body, client = incoming(*parts)
    with pytest.raises(TooLarge) as refusal:
        await body.read()
    assert (413, "body_too_large") == (refusal.value.status, refusal.value.code)
    assert 1 == len(client.parts)


async def test_a_client_that_hangs_up_before_the_end_is_gone():
    body, _ = incoming(b"123", breaks_off=True)
    with pytest.raises(ClientGoneError):
        await body.read()
    await body.discard()


async def test_a_body_in_parts_that_breaks_off_is_refused_and_not_asked_for_again():
    body, client = incoming(b"123", b"4", breaks_off=True)
    with pytest.raises(BadRequest):
        await body.read()
    client.parts.append(b"more")
    await body.discard()
    assert [b"more"] == client.parts


@pytest.mark.parametrize("parts", [[b"1" * 20], [b"1" * 20, b"2" * 20, b"3"]])
async def test_what_is_still_coming_is_taken_and_thrown_away(parts: list[bytes]):
    body, client = incoming(*parts)
    with pytest.raises(TooLarge):
        await body.read()
    await body.discard()
    assert [] == client.parts
    await body.discard()


async def test_a_client_that_hangs_up_while_its_body_is_thrown_away_is_no_error():
    body, _ = incoming(b"1" * 20, breaks_off=True)
    assert await body.discard() is None


async def test_a_body_that_does_not_come_is_waited_for_no_longer_than_bearable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http, "DISCARD_S", 0.01)
    body, client = incoming(b"1" * 20)
    asked: list[int] = []

    async def never() -> bytes:
        asked.append(1)
        await asyncio.Event().wait()
        return b""

    client.part = never
    await body.discard()
    await body.discard()
    assert [1] == asked


def test_a_key_in_the_query_counts_where_no_header_has_one():
    assert hashlib.sha256(b"sk-1").digest() == key_hash_of({}, "alt=sse&key=sk-1")
    assert hashlib.sha256(b"sk-2").digest() == key_hash_of({"x-goog-api-key": "sk-2"}, "key=sk-1")
    with pytest.raises(NotAuthenticated):
        key_hash_of({}, "alt=sse&key=")
