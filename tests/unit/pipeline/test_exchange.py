import json

import msgspec
import pytest

from headgate.domain.conversation import Answer, Text
from headgate.domain.errors import BadRequest, NotFound, UpstreamBroken
from headgate.domain.formats import Format
from headgate.domain.ids import DeploymentId
from headgate.domain.usage import usage_of
from headgate.pipeline.doors import (
    CHAT,
    COMPLETIONS,
    COUNT_TOKENS,
    EMBEDDINGS,
    GENERATE_CONTENT,
    MESSAGES,
    MODERATIONS,
    RERANK,
    STREAM_GENERATE_CONTENT,
    Door,
)
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.intake import read_intake
from headgate.providers.provider import Provider
from headgate.providers.table import PROVIDERS
from headgate.routing.target import Target
from headgate.translate.codec import UntranslatableError
from tests.kit import natives
from tests.kit.fakes import chat_answer, chat_stream

OPENAI, ANTHROPIC = PROVIDERS["openai"], PROVIDERS["anthropic"]
PLAIN = b'{"model":"m","messages":[{"role":"user","content":"Hi"}],"max_tokens":5}'
STREAM = PLAIN[:-1] + b',"stream":true}'


def exchange(body: bytes = PLAIN, door: Door = CHAT, provider: Provider = OPENAI, *, model: str = "m") -> Exchange:
    target = Target(
        deployment_id=DeploymentId("d"), provider=provider, base_url="http://u", credential=None, model=model
    )
    return Exchange(door, read_intake(door, body), target, max_output=None, created=1, answer_id="asked_1")


def test_what_needs_no_change_goes_out_byte_by_byte():
    assert PLAIN == exchange().body


@pytest.mark.parametrize("body", [PLAIN.replace(b":", b": "), PLAIN[:-1] + b',"max_tokens":5}'])
def test_white_space_and_repeated_fields_are_taken_out(body: bytes):
    assert json.loads(PLAIN) == json.loads(exchange(body).body)
    assert 1 == exchange(body).body.count(b'"max_tokens"')


def test_the_model_that_is_sent_is_the_targets():
    assert PLAIN.replace(b'"m"', b'"gpt-4o"') == exchange(model="gpt-4o").body


def test_a_stream_is_asked_for_its_usage():
    assert {"include_usage": True} == json.loads(exchange(STREAM).body)["stream_options"]


def test_other_stream_options_stay():
    body = STREAM[:-1] + b',"stream_options":{"include_usage":false,"include_obfuscation":false}}'
    expected = {"include_usage": True, "include_obfuscation": False}
    assert expected == json.loads(exchange(body).body)["stream_options"]


def test_a_stream_that_asks_itself_goes_out_as_it_is():
    body = STREAM[:-1] + b',"stream_options":{"include_usage":true}}'
    assert body == exchange(body).body


def test_an_operator_that_needs_no_asking_is_not_asked():
    quiet = msgspec.structs.replace(OPENAI, usage_needs_asking=False)
    assert STREAM == exchange(STREAM, provider=quiet).body


def test_nor_is_it_asked_by_a_translated_stream():
    streamed = json.loads(exchange(STREAM, MESSAGES, PROVIDERS["perplexity"]).body)
    assert streamed["stream"]
    assert "stream_options" not in streamed
    assert "stream_options" in json.loads(exchange(STREAM, MESSAGES, OPENAI).body)


def test_a_format_that_the_operator_speaks_passes_and_another_is_translated():
    assert (Format.OPENAI_CHAT, False) == (exchange().format, exchange().translates)
    translated = exchange(door=CHAT, provider=ANTHROPIC)
    assert (Format.ANTHROPIC_MESSAGES, True) == (translated.format, translated.translates)
    assert 5 == json.loads(translated.body)["max_tokens"]


def test_a_limit_that_the_format_insists_on_is_filled_in():
    body = b'{"model":"m","messages":[{"role":"user","content":"Hi"}]}'
    assert 4096 == json.loads(exchange(body, provider=ANTHROPIC).body)["max_tokens"]


@pytest.mark.parametrize(("door", "provider"), [(EMBEDDINGS, ANTHROPIC), (COUNT_TOKENS, OPENAI)])
def test_a_door_that_the_operator_has_no_answer_to_is_not_found(door: Door, provider: Provider):
    with pytest.raises(NotFound) as refusal:
        exchange(b'{"model":"m"}', door, provider)
    assert "endpoint_not_supported" == refusal.value.code


def test_what_the_other_format_cannot_say_is_refused_by_field():
    body = b'{"model":"m","messages":[{"role":"user","content":"Hi"}],"max_tokens":5,"n":2}'
    with pytest.raises(BadRequest) as refusal:
        exchange(body, CHAT, ANTHROPIC)
    assert ("cannot_translate", "n") == (refusal.value.code, refusal.value.param)


def test_a_whole_answer_of_the_same_format_passes_and_is_read():
    one = exchange()
    assert chat_answer() == one.answer(chat_answer())
    assert usage_of(input=100, output=10) == one.reading.usage


def test_a_whole_answer_of_another_format_is_translated_with_the_metered_usage():
    one = exchange(PLAIN, MESSAGES, OPENAI)
    message = json.loads(one.answer(chat_answer()))
    assert ("message", 100, 10) == (
        message["type"],
        message["usage"]["input_tokens"],
        message["usage"]["output_tokens"],
    )


def test_an_answer_that_is_no_answer_cannot_be_translated():
    with pytest.raises(UntranslatableError):
        exchange(PLAIN, MESSAGES, OPENAI).answer(b"<html>")


@pytest.mark.parametrize("door", [CHAT, MESSAGES])
@pytest.mark.parametrize("format_", natives.NATIVES)
def test_an_answer_that_names_no_model_is_of_the_one_that_was_asked(format_: Format, door: Door):
    spoken = natives.written(format_, Answer(parts=(Text(text="Hi"),), usage=usage_of(input=9, output=2)))
    one = exchange(PLAIN, door, natives.SPEAKERS[format_], model="command-r")
    assert "command-r" == json.loads(one.answer(spoken.body))["model"]
    one = exchange(STREAM, door, natives.SPEAKERS[format_], model="command-r")
    assert b'"model":"command-r"' in one.feed(spoken.stream) + one.finish()


@pytest.mark.parametrize("door", [CHAT, MESSAGES])
@pytest.mark.parametrize("format_", natives.NATIVES)
def test_an_answer_without_a_name_is_named_as_the_request(format_: Format, door: Door):
    spoken = natives.written(format_, Answer(parts=(Text(text="Hi"),)))
    one = exchange(PLAIN, door, natives.SPEAKERS[format_])
    assert "asked_1" == json.loads(one.answer(spoken.body))["id"]
    one = exchange(STREAM, door, natives.SPEAKERS[format_])
    assert b'"id":"asked_1"' in one.feed(spoken.stream) + one.finish()


def test_an_answer_with_a_name_keeps_it():
    spoken = natives.written(Format.COHERE_CHAT, Answer(id="theirs", parts=(Text(text="Hi"),)))
    speaker = natives.SPEAKERS[Format.COHERE_CHAT]
    one = exchange(PLAIN, CHAT, speaker)
    assert "theirs" == json.loads(one.answer(spoken.body))["id"]
    one = exchange(STREAM, CHAT, speaker)
    assert b'"id":"theirs"' in one.feed(spoken.stream) + one.finish()


@pytest.mark.parametrize(("door", "provider"), [(CHAT, OPENAI), (CHAT, ANTHROPIC), (MESSAGES, OPENAI)])
def test_a_break_is_told_in_the_clients_format(door: Door, provider: Provider):
    broken = exchange(STREAM, door, provider).broken(UpstreamBroken("It broke.", provider="p", unbilled=False))
    assert b"It broke." in broken
    assert (b"event: error\n" in broken) == (door is MESSAGES)


def test_the_providers_words_are_found_in_its_error_body():
    assert "Too much." == exchange().error_message(429, b'{"error":{"message":"Too much."}}')
    assert "Busy" == exchange(door=MESSAGES, provider=ANTHROPIC).error_message(
        529, b'{"type":"error","error":{"type":"overloaded_error","message":"Busy"}}'
    )
    assert exchange(b'{"model":"m"}', EMBEDDINGS).error_message(500, b"<html>oops</html>")


WRITE = b'{"model":"m","prompt":"Hi","stream":true}'


def test_a_streamed_text_completion_is_asked_for_its_usage_and_the_caller_does_not_see_it():
    one = exchange(WRITE, COMPLETIONS)
    assert {"include_usage": True} == json.loads(one.body)["stream_options"]
    head = b'{"id":"cmpl-1","object":"text_completion","model":"m","choices":'
    text = b'data: %s[{"text":"Ho","index":0,"finish_reason":null}]}\n\n' % head
    usage = b'data: %s[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}\n\n' % head
    assert text == one.feed(text)
    assert b"" == one.feed(usage)
    assert (usage_of(input=1, output=2), True) == (one.reading.usage, one.reading.has_content)


def test_a_door_that_is_only_passed_through_says_errors_in_openais_words():
    broken = exchange(WRITE, COMPLETIONS).broken(UpstreamBroken("It broke.", provider="openai", unbilled=False))
    assert broken.startswith(b'data: {"error"')


def test_it_reaches_only_operators_that_speak_its_format():
    with pytest.raises(NotFound) as refusal:
        exchange(WRITE, COMPLETIONS, ANTHROPIC)
    assert "endpoint_not_supported" == refusal.value.code


def test_a_model_that_the_door_means_is_said_to_the_operator():
    sent = exchange(b'{"input":"x"}', MODERATIONS, model="omni-moderation-latest").body
    assert {"input": "x", "model": "omni-moderation-latest"} == json.loads(sent)


def test_a_ranking_passes_and_what_it_was_billed_is_read():
    one = exchange(b'{"model":"m","query":"q","documents":["a"]}', RERANK, PROVIDERS["voyage"])
    answer = b'{"object":"list","data":[{"relevance_score":0.7,"index":0}],"model":"m","usage":{"total_tokens":3}}'
    assert answer == one.answer(answer)
    assert usage_of(input=3) == one.reading.usage


GEMINI, VERTEX_CLAUDE = PROVIDERS["gemini"], PROVIDERS["vertex_anthropic"]
ASKED = b'{"contents":[{"parts":[{"text":"Hi"}]}],"generationConfig":{"maxOutputTokens":5}}'
SAID = {"candidates": [{"content": {"parts": [{"text": "Hi"}], "role": "model"}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 1}, "modelVersion": "m"}  # fmt: skip


def generated(provider: Provider = GEMINI, *, query: str | None = None, body: bytes = ASKED) -> Exchange:
    """A request at Gemini's doors; `query`: of a streamed one."""
    door = GENERATE_CONTENT if query is None else STREAM_GENERATE_CONTENT
    intake = read_intake(door, body, path=door.path.replace("{model}", "alias"), query=query or "")
    target = Target(
        deployment_id=DeploymentId("d"),
        provider=provider,
        base_url="http://u",
        credential=None,
        model="gemini-2.5-flash",
    )
    return Exchange(door, intake, target, max_output=None, created=1)


def test_a_gemini_request_goes_out_byte_by_byte_and_its_model_in_the_path():
    passed = generated()
    assert (ASKED, "http://u/models/gemini-2.5-flash:generateContent") == (passed.body, passed.url)


@pytest.mark.parametrize(
    ("query", "asked", "content_type"),
    [
        ("alt=sse&key=secret", "?alt=sse", "text/event-stream; charset=utf-8"),
        ("key=secret", "", "application/json; charset=utf-8"),
    ],
)
def test_a_gemini_stream_is_framed_as_its_caller_asked_and_no_key_goes_on(query: str, asked: str, content_type: str):
    passed = generated(query=query)
    assert f"http://u/models/gemini-2.5-flash:streamGenerateContent{asked}" == passed.url
    assert content_type == passed.content_type


def test_a_translated_stream_is_always_asked_for_as_events():
    fresh = exchange(STREAM, provider=PROVIDERS["vertex"], model="gemini-2.5-flash")
    assert fresh.url.endswith(":streamGenerateContent?alt=sse")
    assert b"stream" not in fresh.body


def test_a_caller_who_reads_an_array_gets_what_another_format_said_in_it():
    fresh = generated(OPENAI, query="")
    assert json.loads(fresh.body)["stream"] is True
    written = b"".join(fresh.feed(chunk) for chunk in chat_stream()) + fresh.finish()
    assert ["Hi", " there", ""] == [
        part["text"] for event in json.loads(written) for part in event["candidates"][0]["content"]["parts"]
    ]
    assert "STOP" == json.loads(written)[-1]["candidates"][0]["finishReason"]


@pytest.mark.parametrize("provider", [GEMINI, OPENAI])
@pytest.mark.parametrize("before", [False, True])
def test_an_array_that_breaks_is_closed_behind_the_error(provider: Provider, before: bool):
    fresh = generated(provider, query="")
    piece = b"[" + json.dumps({"candidates": [{"content": {"parts": [{"text": "a"}]}}]}).encode()
    chunk = piece if provider is GEMINI else chat_stream()[1]
    written = fresh.feed(chunk) if before else b""
    told = json.loads(written + fresh.broken(UpstreamBroken("gone", provider="p", unbilled=False)))
    assert (1 + before, "gone") == (len(told), told[-1]["error"]["message"])


def test_a_whole_answer_of_gemini_is_read_by_other_clients():
    answer = json.loads(exchange(provider=PROVIDERS["vertex"]).answer(json.dumps(SAID).encode()))
    assert ("Hi", 4) == (answer["choices"][0]["message"]["content"], answer["usage"]["total_tokens"])


@pytest.mark.parametrize("stream", [False, True])
def test_claude_on_vertex_is_named_in_the_path_and_its_version_in_the_body(stream: bool):
    body = STREAM if stream else PLAIN
    for door in (MESSAGES, CHAT):
        fresh = exchange(body, door=door, provider=VERTEX_CLAUDE, model="claude-sonnet-4-5@20250929")
        sent = json.loads(fresh.body)
        assert ("model" in sent, "vertex-2023-10-16") == (False, sent["anthropic_version"])
        action = "streamRawPredict" if stream else "rawPredict"
        assert f"http://u/publishers/anthropic/models/claude-sonnet-4-5@20250929:{action}" == fresh.url


def test_counting_tokens_of_claude_on_vertex_names_the_model_in_the_body():
    fresh = exchange(door=COUNT_TOKENS, provider=VERTEX_CLAUDE, model="claude-sonnet-4-5")
    sent = json.loads(fresh.body)
    assert ("claude-sonnet-4-5", "vertex-2023-10-16") == (sent["model"], sent["anthropic_version"])
