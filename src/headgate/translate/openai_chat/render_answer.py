"""Answer -> body of OpenAI's chat completions format."""

from headgate.domain.conversation import Answer, AnswerPart, RedactedThinking, StopReason, Text, Thinking, ToolCall
from headgate.domain.usage import Unit, Usage
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import encode
from headgate.translate.openai_chat.stop_reasons import render_stop_reason


def render_answer(answer: Answer, *, created: int) -> bytes:
    """Write a body. `created` is epoch seconds.

    Raises:
        UntranslatableError: the answer is a fragment.
    """
    if answer.failure is not None:
        raise UntranslatableError("answer", f"is a fragment: {answer.failure}")
    choice: dict[str, object] = {
        "index": 0,
        "message": _message(answer.parts),
        "logprobs": None,
        "finish_reason": render_stop_reason(answer.stop_reason or StopReason.END_TURN),
    }
    body: dict[str, object] = {
        "id": answer.id or f"chatcmpl-{created}",
        "object": "chat.completion",
        "created": created,
        "model": answer.model,
        "choices": [choice],
    }
    if answer.usage is not None:
        body["usage"] = render_usage(answer.usage)
    return encode(body, "answer")


def _message(parts: tuple[AnswerPart, ...]) -> dict[str, object]:
    texts = [part.text for part in parts if isinstance(part, Text)]
    calls = [part for part in parts if isinstance(part, ToolCall)]
    thoughts = [part for part in parts if isinstance(part, Thinking | RedactedThinking)]
    message: dict[str, object] = {
        "role": "assistant",
        "content": "".join(texts) if texts or not calls else None,
        "refusal": None,
    }
    if thoughts:
        message["reasoning_content"] = "".join(part.text for part in thoughts if isinstance(part, Thinking))
    if any(isinstance(part, RedactedThinking) or part.signature for part in thoughts):
        message["reasoning_details"] = [_detail(part, i) for i, part in enumerate(thoughts)]
    if calls:
        message["tool_calls"] = [_call(call) for call in calls]
    return message


def _detail(part: Thinking | RedactedThinking, index: int) -> dict[str, object]:
    if isinstance(part, RedactedThinking):
        return {"type": "reasoning.encrypted", "data": part.data, "index": index}
    return {"type": "reasoning.text", "text": part.text, "signature": part.signature, "index": index}


def _call(call: ToolCall) -> dict[str, object]:
    return {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments.strip() or "{}"},
    }


def render_usage(usage: Usage) -> dict[str, object]:
    """Write a usage object: parts lie inside their wholes, as the format has it."""
    n = usage.quantities
    cached_audio, cached_image = n.get(Unit.CACHE_READ_AUDIO, 0), n.get(Unit.CACHE_READ_IMAGE, 0)
    prompt = _without_zeros(
        cached_tokens=n.get(Unit.CACHE_READ, 0) + cached_audio + cached_image,
        cache_write_tokens=n.get(Unit.CACHE_WRITE, 0) + n.get(Unit.CACHE_WRITE_1H, 0),
        audio_tokens=n.get(Unit.INPUT_AUDIO, 0) + cached_audio,
        image_tokens=n.get(Unit.INPUT_IMAGE, 0) + cached_image,
    )
    prompt = {"cached_tokens": 0, **prompt}
    cached = _without_zeros(audio_tokens=cached_audio, image_tokens=cached_image)
    if cached:
        prompt["cached_tokens_details"] = cached
    completion = _without_zeros(
        reasoning_tokens=n.get(Unit.OUTPUT_REASONING, 0),
        audio_tokens=n.get(Unit.OUTPUT_AUDIO, 0),
        image_tokens=n.get(Unit.OUTPUT_IMAGE, 0),
    )
    searches = _without_zeros(web_search_requests=n.get(Unit.WEB_SEARCH, 0))
    rendered: dict[str, object] = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": prompt,
        "completion_tokens_details": {"reasoning_tokens": 0, **completion},
    }
    return rendered | ({"server_tool_use": searches} if searches else {})


def _without_zeros(**counts: int) -> dict[str, object]:
    return {name: count for name, count in counts.items() if count}
