"""The bodies of the measurement: made here, the same for every side."""

import json

MODEL = "gpt-4o-mini"
PACED = "paced"
SLOW = "slow"
SLOW_S = 0.1
"""How long the upstream thinks before it answers in one piece, where it is told to be slow."""
CHUNKS = 100
GAP_S = 0.01

_QUESTION = "Explain in two sentences what a reverse proxy does and why somebody would put one in front of a service. "


def chat(size: int, *, stream: bool = False, paced: bool = False, slow: bool = False, max_tokens: int = 256) -> bytes:
    """A chat request of about `size` bytes."""
    manner = PACED if paced else SLOW if slow else "Be brief."
    text = (_QUESTION * (size // len(_QUESTION) + 1))[: max(size - 160, 1)]
    body: dict[str, object] = {
        "model": MODEL,
        "messages": [{"role": "system", "content": manner}, {"role": "user", "content": text}],
        "max_tokens": max_tokens,
        "temperature": 0.2,
    }
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return json.dumps(body, separators=(",", ":")).encode()


def answer() -> bytes:
    """A whole answer of about 600 bytes."""
    content = "It takes requests in front of a service and hands them on, so that the service stays out of reach. " * 3
    return json.dumps(
        {
            "id": "chatcmpl-bench",
            "object": "chat.completion",
            "created": 1760000000,
            "model": f"{MODEL}-2024-07-18",
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"},
            ],
            "usage": {
                "prompt_tokens": 212,
                "completion_tokens": 61,
                "total_tokens": 273,
                "prompt_tokens_details": {"cached_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 0},
            },
            "service_tier": "default",
        },
        separators=(",", ":"),
    ).encode()


def events() -> list[bytes]:
    """A streamed answer of `CHUNKS` content events, a finish, the usage and the end mark."""
    head: dict[str, object] = {
        "id": "chatcmpl-bench",
        "object": "chat.completion.chunk",
        "created": 1760000000,
        "model": f"{MODEL}-2024-07-18",
        "service_tier": "default",
        "system_fingerprint": "fp_bench",
    }

    def event(choices: list[object], usage: object = None) -> bytes:
        return (
            b"data: "
            + json.dumps({**head, "choices": choices, "usage": usage}, separators=(",", ":")).encode()
            + b"\n\n"
        )

    def choice(delta: dict[str, str], finish: str | None = None) -> list[object]:
        return [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]

    usage = {"prompt_tokens": 212, "completion_tokens": CHUNKS, "total_tokens": 212 + CHUNKS}
    return [
        event(choice({"role": "assistant", "content": ""})),
        *(event(choice({"content": f" word{number}"})) for number in range(CHUNKS)),
        event(choice({}, "stop")),
        event([], usage),
        b"data: [DONE]\n\n",
    ]
