"""Answer -> body of Gemini's format."""

from headgate.domain.conversation import Answer, AnswerPart, RedactedThinking, StopReason, Text, Thinking, ToolCall
from headgate.domain.usage import Unit, Usage
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import embed_object, encode
from headgate.translate.gemini.stop_reasons import MALFORMED, render_stop_reason
from headgate.translate.signatures import hidden_to_gemini, to_gemini


def render_answer(answer: Answer, *, created: int) -> bytes:
    """Write a body. `created` is epoch seconds; it only names an answer that has no id.

    Raises:
        UntranslatableError: the answer is a fragment.
    """
    if answer.failure is not None:
        raise UntranslatableError("answer", f"is a fragment: {answer.failure}")
    parts: list[dict[str, object]] = []
    broken: str | None = None
    for part in answer.parts:
        rendered = render_part(part)
        parts += rendered
        if isinstance(part, ToolCall) and not rendered:
            broken = part.name
    finish = render_finish(answer.stop_reason or StopReason.END_TURN, broken_call=broken)
    body: dict[str, object] = {
        "candidates": [candidate(parts, finish)],
        **message_head(answer.id or f"gen-{created}", answer.model),
    }
    if answer.usage is not None:
        body["usageMetadata"] = render_usage(answer.usage)
    return encode(body, "answer")


def message_head(response_id: str, model: str) -> dict[str, object]:
    """What a body says beside the answer, whole or streamed."""
    return {"modelVersion": model, "responseId": response_id}


def candidate(parts: list[dict[str, object]], finish: dict[str, object], *, index: int = 0) -> dict[str, object]:
    """One candidate, whole or a piece of it."""
    return {"content": {"parts": parts, "role": "model"}, **finish, "index": index}


def render_finish(reason: StopReason, *, broken_call: str | None) -> dict[str, object]:
    """The finish reason. A call whose arguments are no object has no place here: the format says so by its reason."""
    if broken_call is None or reason in {StopReason.MAX_TOKENS, StopReason.CONTEXT_FULL}:
        return {"finishReason": render_stop_reason(reason)}
    message = f"The arguments of {broken_call} are no JSON object."
    return {"finishReason": MALFORMED, "finishMessage": message}


def render_call(call_id: str, name: str, arguments: str) -> dict[str, object] | None:
    """A part with a call; None where its arguments are no JSON object: it was cut short, or went wrong."""
    try:
        args = embed_object(arguments.strip() or "{}", "args")
    except UntranslatableError:
        return None
    return {"functionCall": {"id": call_id, "name": name, "args": args}}


def render_part(part: AnswerPart) -> list[dict[str, object]]:
    """One part, or none for a call that cannot be written."""
    match part:
        case Text(text=text):
            return [{"text": text}]
        case Thinking(text=text, signature=signature):
            thought: dict[str, object] = {"text": text, "thought": True}
            return [{**thought, "thoughtSignature": to_gemini(signature)} if signature else thought]
        case RedactedThinking(data=data):
            return [{"text": "", "thought": True, "thoughtSignature": hidden_to_gemini(data)}]
        case ToolCall():
            call = render_call(part.id, part.name, part.arguments)
            return [] if call is None else [call]


def render_usage(usage: Usage) -> dict[str, object]:
    """Write `usageMetadata`: cached tokens inside the prompt, thoughts beside the candidates."""
    n = usage.quantities
    cached_audio, cached_image = n.get(Unit.CACHE_READ_AUDIO, 0), n.get(Unit.CACHE_READ_IMAGE, 0)
    cached = n.get(Unit.CACHE_READ, 0) + cached_audio + cached_image
    thoughts = n.get(Unit.OUTPUT_REASONING, 0)
    audio, image = n.get(Unit.INPUT_AUDIO, 0) + cached_audio, n.get(Unit.INPUT_IMAGE, 0) + cached_image
    output = usage.completion_tokens - thoughts
    rendered: dict[str, object] = {
        "promptTokenCount": usage.prompt_tokens,
        "candidatesTokenCount": output,
        "totalTokenCount": usage.total_tokens,
        "promptTokensDetails": _by_modality(usage.prompt_tokens, audio, image),
    }
    if thoughts:
        rendered["thoughtsTokenCount"] = thoughts
    if cached:
        rendered["cachedContentTokenCount"] = cached
        rendered["cacheTokensDetails"] = _by_modality(cached, cached_audio, cached_image)
    made_audio, made_image = n.get(Unit.OUTPUT_AUDIO, 0), n.get(Unit.OUTPUT_IMAGE, 0)
    if made_audio or made_image:
        rendered["candidatesTokensDetails"] = _by_modality(output, made_audio, made_image)
    return rendered


def _by_modality(tokens: int, audio: int, image: int) -> list[dict[str, object]]:
    counts = {"TEXT": tokens - audio - image, "AUDIO": audio, "IMAGE": image}
    return [{"modality": modality, "tokenCount": counted} for modality, counted in counts.items() if counted]
