"""From the arguments of a call to the bytes of a request."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, NotRequired, Required, TypedDict

import msgspec

from headgate.client.errors import NotConfigured
from headgate.client.options import Options
from headgate.client.traces import current_labels, trace_headers

Message = Mapping[str, Any]
"""One message as OpenAI's chat format has it: `role` and `content`."""

CHAT_PATH: Final = "/v1/chat/completions"
QUOTE_PATH: Final = "/v1/quote"
RECEIPT_HEADER: Final = "x-headgate-receipt"
IDEMPOTENCY_HEADER: Final = "idempotency-key"

_encode = msgspec.json.Encoder().encode


class TextRequest(TypedDict):
    """The arguments of `generate_text` and `generate_text_stream`, and one request of `batch_generate`."""

    model: Required[str]
    """A public model name of the gateway: `gpt-4o-mini`, `anthropic/claude-sonnet-4-5`, or a route's."""
    messages: Required[str | Sequence[Message]]
    """A prompt, or a conversation."""
    temperature: NotRequired[float | None]
    max_tokens: NotRequired[int | None]
    tenant_id: NotRequired[str | None]
    """The organization that the caller believes to charge: its id or its name. The virtual key decides, and another
    organization than the key's is refused (`Forbidden`, code `organization_mismatch`)."""
    user_id: NotRequired[str | int | None]
    agent_id: NotRequired[str | int | None]
    team_id: NotRequired[str | int | None]
    project_id: NotRequired[str | int | None]
    app_id: NotRequired[str | int | None]
    client_id: NotRequired[str | int | None]
    task: NotRequired[str | None]
    """What it is for; policies, budgets and time limits may depend on it."""
    idempotency_key: NotRequired[str | None]
    """Under which the call can be repeated without a second charge; drawn for each call where none is given."""
    timeout_s: NotRequired[float | None]
    """Longest silence; None: the client's."""
    extra_body: NotRequired[Mapping[str, Any] | None]
    """More fields of the chat format: `top_p`, `stop`, `response_format`, ..."""
    extra_headers: NotRequired[Mapping[str, str] | None]


_LABELS: Final[Mapping[str, str]] = {
    "tenant_id": "x-headgate-organization",
    "user_id": "x-headgate-user",
    "agent_id": "x-headgate-agent",
    "team_id": "x-headgate-team",
    "project_id": "x-headgate-project",
    "app_id": "x-headgate-app",
    "client_id": "x-headgate-client",
    "task": "x-headgate-task",
}


class Outgoing(NamedTuple):
    """One logical call: the same bytes under the same idempotency key, however often it is sent."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    timeout_s: float

    @property
    def idempotency_key(self) -> str | None:
        """Under which it may be repeated."""
        return self.headers.get(IDEMPOTENCY_HEADER)

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice does no more than sending it once."""
        return self.idempotency_key is not None or self.method == "GET" or self.path == QUOTE_PATH


def text_call(request: TextRequest, options: Options, *, stream: bool, drawn_key: str) -> Outgoing:
    """Make the call of a text request.

    Args:
        request: what was asked.
        options: the client's.
        stream: whether the answer is to come as it is written.
        drawn_key: the idempotency key where the request names none.

    Raises:
        NotConfigured: a label that no header can carry.
    """
    document = text_body(request)
    if stream:
        document |= {"stream": True, "stream_options": {"include_usage": True}}
    headers = base_headers(options) | trace_headers() | labels_of(current_labels() | dict(request))
    headers[RECEIPT_HEADER] = "true"
    key = request.get("idempotency_key") or (drawn_key if options.idempotent else None)
    if key is not None:
        headers[IDEMPOTENCY_HEADER] = key
    headers |= {name.lower(): value for name, value in (request.get("extra_headers") or {}).items()}
    return Outgoing("POST", CHAT_PATH, headers, _encode(document), request.get("timeout_s") or options.timeout_s)


def text_body(request: TextRequest) -> dict[str, Any]:
    """The request as a chat completion."""
    messages = request["messages"]
    document: dict[str, Any] = {
        "model": request["model"],
        "messages": [{"role": "user", "content": messages}] if isinstance(messages, str) else list(messages),
    }
    for name in ("temperature", "max_tokens"):
        if (value := request.get(name)) is not None:
            document[name] = value
    return document | dict(request.get("extra_body") or {})


def base_headers(options: Options) -> dict[str, str]:
    """Headers of every call."""
    return {"authorization": f"Bearer {options.api_key}", "content-type": "application/json"}


def labels_of(request: Mapping[str, Any]) -> dict[str, str]:
    """Whom to charge, as headers.

    Raises:
        NotConfigured: a label with other characters than printable ASCII.
    """
    found = {header: str(request[name]) for name, header in _LABELS.items() if request.get(name) is not None}
    for name, header in _LABELS.items():
        label = found.get(header, "")
        if not (label.isascii() and label.isprintable()):
            message = f"{name} is {label!r}: ids go into headers, which hold printable ASCII only."
            raise NotConfigured(message)
    return found
