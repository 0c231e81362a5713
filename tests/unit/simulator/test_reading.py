import msgspec
import pytest

from headgate.simulator.knobs import NO_KNOBS, Knobs
from headgate.simulator.models import MODELS, Kind
from headgate.simulator.reading import (
    ABSENT,
    decode,
    effective_knobs,
    is_given,
    read_part,
    require_model,
    require_room,
)
from headgate.simulator.refusals import Refusal


class Body(msgspec.Struct):
    size: int = 0
    raw: msgspec.Raw = ABSENT


BODIES = msgspec.json.Decoder(Body)


def refusal_of(body: bytes) -> Refusal:
    with pytest.raises(Refusal) as caught:
        decode(BODIES, body)
    return caught.value


def test_a_wrong_type_names_the_field():
    refusal = refusal_of(b'{"size":"big"}')
    assert (400, "size", "invalid_value") == (refusal.status, refusal.param, refusal.code)
    assert "Invalid value for 'size': Expected `int`, got `str`." == refusal.message


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"\xff"', b"7"])
def test_a_body_that_is_no_object_is_refused(body: bytes):
    refusal = refusal_of(body)
    assert (400, None) == (refusal.status, refusal.param)


def test_a_raw_field_is_given_when_it_is_there_and_not_null():
    assert not is_given(decode(BODIES, b"{}").raw)
    assert not is_given(decode(BODIES, b'{"raw": null}').raw)
    assert is_given(decode(BODIES, b'{"raw": []}').raw)


def test_the_bodys_knobs_win_over_the_headers_and_those_over_the_defaults():
    actual = effective_knobs(Knobs(latency_ms=1), b'{"latency_ms":2,"stall_ms":2}', Knobs(latency_ms=3, break_after=3))
    assert Knobs(latency_ms=1, stall_ms=2, break_after=3) == actual
    assert effective_knobs(None, None, NO_KNOBS) is NO_KNOBS


@pytest.mark.parametrize("header", [b"{", b'{"fast":true}', b"\xff"])
def test_a_header_that_cannot_be_read_is_refused(header: bytes):
    with pytest.raises(Refusal, match="x-simulate"):
        effective_knobs(None, header, NO_KNOBS)


@pytest.mark.parametrize(
    ("status", "name", "kind"),
    [
        (400, None, Kind.CHAT),
        (400, "", Kind.CHAT),
        (404, "sim/huge", Kind.CHAT),
        (404, "sim/embed", Kind.CHAT),
        (404, "small", Kind.EMBEDDING),
    ],
)
def test_a_model_must_be_named_known_and_of_the_right_kind(status: int, name: str | None, kind: Kind):
    with pytest.raises(Refusal) as caught:
        require_model(name, kind)
    assert status == caught.value.status


def test_a_prompt_must_fit_the_context_window():
    require_room(MODELS["echo"], 32_768)
    with pytest.raises(Refusal) as caught:
        require_room(MODELS["echo"], 32_769)
    assert "context_length_exceeded" == caught.value.code


def test_a_text_part_counts_its_text_and_any_other_its_bytes():
    assert ("hello", 2) == read_part(msgspec.Raw(b'{"type":"text","text":"hello"}'))
    image = b'{"type":"image_url","image_url":{"url":"data:,x"}}'
    assert ("", -(-len(image) // 4)) == read_part(msgspec.Raw(image))
    with pytest.raises(Refusal, match="content part"):
        read_part(msgspec.Raw(b"7"))
