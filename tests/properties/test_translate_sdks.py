"""The official SDKs read our streams as they read their own."""

import json

import anthropic
import httpx2
import openai
from google import genai
from hypothesis import given, settings

from headgate.domain.conversation import RedactedThinking, Text, Thinking, ToolCall
from headgate.domain.fold import fold
from headgate.domain.formats import Format
from headgate.translate.registry import codec_for
from tests.kit.translation import streams


def transport(stream: bytes) -> httpx2.Client:
    """An upstream that answers every request with this stream."""

    def answer(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=stream)

    return httpx2.Client(transport=httpx2.MockTransport(answer))


def render(format_: Format, deltas) -> bytes:
    renderer = codec_for(format_).answer_renderer(created=1, include_usage=True)
    return b"".join(renderer.feed(delta) for delta in deltas) + renderer.finish()


@settings(max_examples=60, deadline=None)
@given(deltas=streams())
def test_the_anthropic_sdk_accumulates_the_same_answer(deltas):
    client = anthropic.Anthropic(
        api_key="none",
        base_url="http://localhost",
        http_client=transport(render(Format.ANTHROPIC_MESSAGES, deltas)),
    )
    with client.messages.stream(model="m", max_tokens=9, messages=[{"role": "user", "content": "?"}]) as stream:
        message = stream.get_final_message()
    answer = fold(deltas)
    heard = []
    for block in message.content:
        match block.type:
            case "text":
                heard.append(Text(text=block.text))
            case "thinking":
                heard.append(Thinking(text=block.thinking, signature=block.signature or None))
            case "redacted_thinking":
                heard.append(RedactedThinking(data=block.data))
            case "tool_use":
                heard.append((block.id, block.name, block.input))
    expected = [
        (part.id, part.name, json.loads(part.arguments or "{}")) if isinstance(part, ToolCall) else part
        for part in answer.parts
    ]
    assert expected == heard
    assert answer.id == message.id
    if answer.usage is not None:
        assert answer.usage.completion_tokens == message.usage.output_tokens
        read, written = message.usage.cache_read_input_tokens, message.usage.cache_creation_input_tokens
        assert answer.usage.prompt_tokens == message.usage.input_tokens + (read or 0) + (written or 0)


@settings(max_examples=60, deadline=None)
@given(deltas=streams())
def test_the_openai_sdk_accumulates_the_same_answer(deltas):
    client = openai.OpenAI(
        api_key="none", base_url="http://localhost", http_client=transport(render(Format.OPENAI_CHAT, deltas))
    )
    chunks = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "?"}], stream=True)
    text, calls, usage, reasons = "", {}, None, []
    for chunk in chunks:
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            reasons += [choice.finish_reason] if choice.finish_reason else []
            for call in choice.delta.tool_calls or ():
                known = calls.setdefault(call.index, ["", "", ""])
                known[0] += call.id or ""
                known[1] += call.function.name or ""
                known[2] += call.function.arguments or ""
    answer = fold(deltas)
    assert "".join(part.text for part in answer.parts if isinstance(part, Text)) == text
    assert [(p.id, p.name, json.loads(p.arguments or "{}")) for p in answer.parts if isinstance(p, ToolCall)] == [
        (call_id, name, json.loads(arguments)) for call_id, name, arguments in calls.values()
    ]
    assert 1 == len(reasons)
    if answer.usage is not None:
        assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (
            usage.prompt_tokens,
            usage.completion_tokens,
        )


@settings(max_examples=30, deadline=None)
@given(deltas=streams())
def test_the_accumulator_of_the_openai_sdk_agrees(deltas):
    client = openai.OpenAI(
        api_key="none", base_url="http://localhost", http_client=transport(render(Format.OPENAI_CHAT, deltas))
    )
    answer = fold(deltas)
    with client.chat.completions.stream(model="m", messages=[{"role": "user", "content": "?"}]) as stream:
        for _ in stream:
            pass
        snapshot = stream.current_completion_snapshot
    message = snapshot.choices[0].message
    assert "".join(part.text for part in answer.parts if isinstance(part, Text)) == (message.content or "")
    assert [part.id for part in answer.parts if isinstance(part, ToolCall)] == [
        call.id for call in message.tool_calls or ()
    ]


@settings(max_examples=60, deadline=None)
@given(deltas=streams())
def test_the_openai_sdk_reads_the_same_response(deltas):
    client = openai.OpenAI(
        api_key="none", base_url="http://localhost", http_client=transport(render(Format.OPENAI_RESPONSES, deltas))
    )
    answer = fold(deltas)
    with client.responses.stream(model="m", input="?") as stream:
        last = [*stream][-1]
    response = last.response
    assert last.type == f"response.{response.status}"
    heard = []
    for item in response.output:
        match item.type:
            case "message":
                heard += [Text(text=part.text) for part in item.content]
            case "reasoning":
                heard.append((item.content[0].text if item.content else "", item.encrypted_content))
            case "function_call":
                heard.append((item.call_id, item.name, json.loads(item.arguments)))
    expected = [
        (part.id, part.name, json.loads(part.arguments or "{}"))
        if isinstance(part, ToolCall)
        else ("", f"headgate:hidden:{part.data}")
        if isinstance(part, RedactedThinking)
        else (part.text, part.signature and f"headgate:signed:{part.signature}")
        if isinstance(part, Thinking)
        else part
        for part in answer.parts
    ]
    assert expected == heard
    assert response.output_text == "".join(part.text for part in answer.parts if isinstance(part, Text))
    if answer.usage is not None:
        assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (
            response.usage.input_tokens,
            response.usage.output_tokens,
        )


@settings(max_examples=60, deadline=None)
@given(deltas=streams())
def test_googles_sdk_reads_the_same_answer(deltas):
    client = genai.Client(
        api_key="none",
        http_options=genai.types.HttpOptions(
            base_url="http://localhost", httpx_client=transport(render(Format.GEMINI, deltas))
        ),
    )
    text, thoughts, calls, usage, reasons = "", "", [], None, []
    for chunk in client.models.generate_content_stream(model="m", contents="?"):
        usage = chunk.usage_metadata or usage
        reasons += [c.finish_reason for c in chunk.candidates if c.finish_reason]
        for part in chunk.parts or ():
            if part.function_call:
                calls.append((part.function_call.id, part.function_call.name, part.function_call.args))
            elif part.thought:
                thoughts += part.text
            else:
                text += part.text
    answer = fold(deltas)
    assert "".join(part.text for part in answer.parts if isinstance(part, Text)) == text
    assert "".join(part.text for part in answer.parts if isinstance(part, Thinking)) == thoughts
    assert [
        (part.id, part.name, json.loads(part.arguments or "{}")) for part in answer.parts if isinstance(part, ToolCall)
    ] == calls
    assert 1 == len(reasons)
    if answer.usage is not None:
        told = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
        assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (usage.prompt_token_count, told)
