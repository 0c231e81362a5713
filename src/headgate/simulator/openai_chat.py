"""Renders OpenAI chat answers, whole and streamed. Source: the OpenAI API reference and recorded traffic."""

from collections.abc import Iterator
from itertools import zip_longest

import msgspec

from headgate.simulator.answer import Choice, Finish
from headgate.simulator.ask import Ask
from headgate.simulator.prices import Counts
from headgate.simulator.prose import seed_of
from headgate.simulator.refusals import injected_refusal, render_openai_error
from headgate.simulator.script import Piece, Script
from headgate.simulator.tokens import count_tokens, split_into_chunks

_FINISH = {Finish.END: "stop", Finish.STOP: "stop", Finish.LENGTH: "length", Finish.TOOL: "tool_calls"}
_DONE = b"data: [DONE]\n\n"
_FILTER_CHUNK = (
    b'data: {"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":'
    b'[{"prompt_index":0,"content_filter_results":{}}]}\n\n'
)
_json = msgspec.json.encode


def render_usage(counts: Counts) -> dict[str, object]:
    """OpenAI's usage: cached tokens are a part of the prompt's, reasoning tokens a part of the completion's."""
    prompt_details = {"cached_tokens": counts.cache_read, "audio_tokens": 0}
    written = counts.cache_write + counts.cache_write_1h
    if written:
        prompt_details["cache_write_tokens"] = written
    return {
        "prompt_tokens": counts.prompt,
        "completion_tokens": counts.completion,
        "total_tokens": counts.prompt + counts.completion,
        "prompt_tokens_details": prompt_details,
        "completion_tokens_details": {
            "reasoning_tokens": counts.output_reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def render_chat(ask: Ask, choices: list[Choice], counts: Counts, *, unique: str, created: int) -> bytes:
    """The JSON body of an answer that is not streamed.

    Args:
        ask: the request.
        choices: its answer.
        counts: what is billed for it.
        unique: hexadecimal digits that no other answer has; the ids are made of it.
        created: epoch seconds.
    """
    body: dict[str, object] = {
        "id": _chat_id(unique),
        "object": "chat.completion",
        "created": created,
        "model": ask.model_name,
        "choices": [
            {
                "index": index,
                "message": _message(choice, index, unique),
                "logprobs": None,
                "finish_reason": _FINISH[choice.finish],
            }
            for index, choice in enumerate(choices)
        ],
    }
    if not ask.knobs.no_usage:
        body["usage"] = render_usage(counts)
    body["service_tier"] = "default"
    body["system_fingerprint"] = _fingerprint(ask)
    return _json(body)


def script_chat(ask: Ask, choices: list[Choice], counts: Counts, *, unique: str, created: int) -> Script:
    """The same answer as a stream; arguments as for `render_chat`."""
    chunks = _Chunks(ask, unique, created)
    opening = [_FILTER_CHUNK] if ask.knobs.empty_first_chunk else []
    opening += [chunks.opening(index, choice) for index, choice in enumerate(choices)]
    refusal = injected_refusal(500, None)
    return Script(
        opening=b"".join(opening),
        pieces=_interleave([chunks.pieces(index, choice) for index, choice in enumerate(choices)]),
        closing=chunks.closing(choices, counts),
        error_event=b"data: " + render_openai_error(refusal) + b"\n\n",
        malformed_event=chunks.head + b'[{"index":0,"delta":{"content":"\n\n',
    )


def _chat_id(unique: str) -> str:
    return f"chatcmpl-{unique[:29]}"


def _call_id(unique: str, index: int, position: int) -> str:
    return f"call_{unique[:18]}{index:03d}{position:03d}"


def _fingerprint(ask: Ask) -> str:
    return f"fp_{seed_of((ask.model.name.encode(),)):016x}"[:13]


def _message(choice: Choice, index: int, unique: str) -> dict[str, object]:
    message: dict[str, object] = {"role": "assistant", "content": None if choice.calls else choice.text}
    if choice.calls:
        message["tool_calls"] = [
            {
                "id": _call_id(unique, index, position),
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for position, call in enumerate(choice.calls)
        ]
    message["refusal"] = None
    message["annotations"] = []
    return message


def _interleave(streams: list[Iterator[Piece]]) -> Iterator[Piece]:
    if len(streams) == 1:
        yield from streams[0]
        return
    for row in zip_longest(*streams):
        yield from (piece for piece in row if piece is not None)


class _Chunks:
    """Builds chunks by joining bytes: what is the same in every chunk is encoded once."""

    def __init__(self, ask: Ask, unique: str, created: int) -> None:
        self._ask = ask
        self._unique = unique
        self._size = ask.knobs.tokens_per_chunk or 1
        frame = _json(
            {
                "id": _chat_id(unique),
                "object": "chat.completion.chunk",
                "created": created,
                "model": ask.model_name,
                "service_tier": "default",
                "system_fingerprint": _fingerprint(ask),
            }
        )
        self.head = b"data: " + frame[:-1] + b',"choices":'
        self._tail = b',"usage":null}\n\n' if ask.include_usage else b"}\n\n"
        self._after_delta = b',"logprobs":null,"finish_reason":null}]' + self._tail

    def opening(self, index: int, choice: Choice) -> bytes:
        content = None if choice.calls else ""
        return self._delta(index, _json({"role": "assistant", "content": content, "refusal": None}))

    def pieces(self, index: int, choice: Choice) -> Iterator[Piece]:
        for chunk in split_into_chunks(choice.reasoning, self._size):
            yield Piece(b"", reasoning=count_tokens(chunk))
        before = self.head + b'[{"index":%d,"delta":{"content":' % index
        after = b"}" + self._after_delta
        for chunk in split_into_chunks(choice.text, self._size):
            yield Piece(before + _json(chunk) + after, output=count_tokens(chunk))
        for position, call in enumerate(choice.calls):
            at_once = call.arguments if self._ask.knobs.calls_in_one_chunk else ""
            start = {
                "index": position,
                "id": _call_id(self._unique, index, position),
                "type": "function",
                "function": {"name": call.name, "arguments": at_once},
            }
            tokens = count_tokens(call.name) + count_tokens(at_once)
            yield Piece(self._delta(index, _json({"tool_calls": [start]})), output=tokens)
            if at_once:
                continue
            for chunk in split_into_chunks(call.arguments, self._size):
                delta = b'{"tool_calls":[{"index":%d,"function":{"arguments":%b}}]}' % (position, _json(chunk))
                yield Piece(self._delta(index, delta), output=count_tokens(chunk))

    def closing(self, choices: list[Choice], counts: Counts) -> bytes:
        knobs = self._ask.knobs
        in_last = bool(knobs.usage_in_last_content) and not knobs.no_usage
        usage = _json(render_usage(counts))
        parts: list[bytes] = []
        for index, choice in enumerate(choices):
            finish = b'[{"index":%d,"delta":{},"logprobs":null,"finish_reason":"%b"}]' % (
                index,
                _FINISH[choice.finish].encode(),
            )
            last = index == len(choices) - 1
            tail = b',"usage":' + usage + b"}\n\n" if in_last and last else self._tail
            parts.append(self.head + finish + tail)
        if self._ask.include_usage and not knobs.no_usage and not in_last:
            parts.append(self.head + b'[],"usage":' + usage + b"}\n\n")
        parts.append(_DONE)
        return b"".join(parts)

    def _delta(self, index: int, delta: bytes) -> bytes:
        return self.head + b'[{"index":%d,"delta":%b' % (index, delta) + self._after_delta
