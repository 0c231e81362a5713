import pytest

from headgate.domain.conversation import Answer, Text
from headgate.domain.usage import usage_of
from headgate.translate import meter_bedrock
from headgate.translate.codec import Reading
from headgate.translate.meter_bedrock import ConverseMeter
from tests.kit.converse import body, delta, exception, frame, stream

ANSWER = Answer(parts=(Text(text="Hi there"),), usage=usage_of(input=9, cache_read=3, output=4))


def metered(*chunks: bytes) -> tuple[bytes, Reading]:
    meter = ConverseMeter()
    return b"".join([*map(meter.feed, chunks), meter.finish()]), meter.reading


def whole(raw: bytes) -> Reading:
    meter = ConverseMeter()
    meter.read_body(raw)
    return meter.reading


def test_a_body_is_read():
    reading = whole(body(ANSWER))
    assert (ANSWER.usage, "end_turn", True, True) == (
        reading.usage,
        reading.finish_reason,
        reading.complete,
        reading.has_content,
    )
    assert (None, None) == (reading.service_tier, reading.response_model)


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"message":"No."}', b'{"output":null}'])
def test_what_is_no_answer_is_not_complete(raw: bytes):
    assert not whole(raw).complete


@pytest.mark.parametrize(("tier", "expected"), [("default", None), ("flex", "flex"), ("priority", "priority")])
def test_only_a_tier_that_changes_the_price_is_told(tier: str, expected: str | None):
    assert expected == whole(body(ANSWER, serviceTier={"type": tier})).service_tier
    assert expected == metered(stream(ANSWER, metadata={"serviceTier": {"type": tier}}))[1].service_tier


def test_what_a_router_chose_is_what_is_priced():
    trace = {"promptRouter": {"invokedModelId": "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"}}
    expected = trace["promptRouter"]["invokedModelId"]
    assert expected == whole(body(ANSWER, trace=trace)).response_model
    assert expected == metered(stream(ANSWER, metadata={"trace": trace}))[1].response_model


def test_fields_of_another_type_hide_nothing_else():
    reading = whole(body(ANSWER, serviceTier="flex", trace=7, stopReason=1))
    assert (ANSWER.usage, None, None) == (reading.usage, reading.service_tier, reading.finish_reason)
    assert whole(body(ANSWER, usage={"inputTokens": "9"})).usage is None


def test_a_stream_passes_unchanged_and_ends_with_its_bill():
    sent = stream(ANSWER)
    given, reading = metered(sent[:50], sent[50:])
    assert sent == given
    assert (ANSWER.usage, True, True, True, None) == (
        reading.usage,
        reading.has_content,
        reading.complete,
        reading.ended,
        reading.error,
    )


def test_half_a_frame_is_held_back():
    meter = ConverseMeter()
    one, two = delta(0, text="a"), delta(0, text="b")
    assert one == meter.feed(one + two[:20])
    assert two == meter.feed(two[20:])
    assert b"" == meter.feed(one[:7])
    assert one[:7] == meter.finish()


def test_a_stop_without_a_bill_is_whole_and_not_paid():
    reading = metered(delta(0, text="a"), frame("messageStop", stopReason="end_turn"))[1]
    assert (True, False, None) == (reading.complete, reading.ended, reading.usage)


@pytest.mark.parametrize(
    ("expected", "frame_"),
    [
        (False, frame("messageStart", role="assistant")),
        (True, delta(0, text="a")),
        (True, frame("contentBlockStart", start={"toolUse": {"toolUseId": "t", "name": "n"}})),
        (False, frame("contentBlockStart")),
    ],
)
def test_content_is_what_a_client_would_see(expected: bool, frame_: bytes):
    assert expected == metered(frame_)[1].has_content


def test_a_failure_inside_the_stream_is_told():
    reading = metered(delta(0, text="a"), exception("modelStreamErrorException", "It failed."))[1]
    assert ("It failed.", False) == (reading.error, reading.complete)


def test_damage_is_told_and_everything_from_there_on_passes():
    damaged = bytearray(delta(0, text="b"))
    damaged[20] ^= 1
    chunks = [delta(0, text="a") + bytes(damaged), stream(ANSWER), b"tail"]
    given, reading = metered(*chunks)
    assert b"".join(chunks) == given
    assert ("The answer is damaged: the checksum of a frame is wrong.", None, False) == (
        reading.error,
        reading.usage,
        reading.complete,
    )


def test_frames_of_content_are_not_looked_into_once_content_was_seen(monkeypatch: pytest.MonkeyPatch):
    looked: list[bytes] = []
    parse = meter_bedrock.parse_frame
    monkeypatch.setattr(meter_bedrock, "parse_frame", lambda raw: looked.append(raw) or parse(raw))
    said = "contentBlockDelta metadata messageStop"
    frames = [
        delta(0, text="a"),
        *(delta(0, text=said) for _ in range(20)),
        frame("messageStop", stopReason=said, additionalModelResponseFields={"stop_sequence": said}),
        frame("metadata", usage={"inputTokens": 9, "outputTokens": 4}),
    ]
    reading = metered(b"".join(frames))[1]
    assert [frames[0], *frames[-2:]] == looked
    assert (said, usage_of(input=9, output=4)) == (reading.finish_reason, reading.usage)
