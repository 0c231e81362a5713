"""Every recorded chat and messages exchange, through a running gateway, in its own format and in the other one.

A replaying upstream gives the recorded answers. Same format: the client gets the recorded bytes. Other format: the same
text, tool calls, stop reason and token counts. And each leaves one cost event that is usage x card, or no amount where
there is no card.
"""

import collections
import datetime as dt
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from headgate.domain.formats import Format
from headgate.domain.usage import Unit, Usage
from headgate.pricing.book import PriceBook
from headgate.pricing.price import price
from headgate.pricing.seed import seed_cards
from headgate.providers.table import PROVIDERS
from headgate.translate.codec import UntranslatableError
from headgate.translate.registry import codec_for
from tests.kit.gateway import GatewayProcess, wait_until
from tests.kit.reading import Seen, events, read_chat, read_messages
from tests.kit.recordings import MESSAGES_FILES, chat_files, exchanges, needs_recordings
from tests.kit.replay import ReplayUpstream, scripted

pytestmark = [needs_recordings, pytest.mark.timeout(600)]

STAND_INS = {"bedrock": "snowflake", "bedrock_mantle": "snowflake", "vertex_anthropic": "anthropic"}
"""Operators that are no door's neighbour yet: their recorded bodies are of the same format as this one's."""

SPEAK_BOTH = {"openrouter": "openai", "ollama": "openai"}
"""Operators that speak both formats need no translation; for that test their answers come from one that does not."""

CANNOT_TRANSLATE = {
    r"is run by its provider": "tools that the provider runs itself exist in its own format only",
    r"(server_tool_use|mcp_tool_use|tool_search_tool_result|_tool_result|container_upload)'": "as above, in the history",
    r"'(tool_addition|tool_reference|compaction|fallback)'": "a block that only this provider has",
    r"^(mcp_servers|container)": "tools that the provider runs itself, by reference",
    r"'file' has no counterpart": "a file that lies at the provider cannot be fetched for another one",
    r"documents only inside the body": "OpenAI's format takes documents as base64 only",
    r"^(logprobs|top_logprobs)": "Anthropic's format reports no log probabilities",
    r"^n:": "Anthropic's format gives one choice",
    r"^logit_bias": "Anthropic's models cannot be steered by token",
    r"has no counterpart in the format of this model": "a field that only one format, or one operator, has",
    r"needs a schema": "Anthropic's format has JSON by schema only, not by wish",
    r"'input_audio'|'video_url'|'audio_url'": "Anthropic's format has no sound",
    r"tools exist in this format only": "Anthropic's format has no grammar tools, and no other operator's",
    r"arguments: Expected `object`": "Anthropic's tool input is an object",
    r"unknown field `(images|image_url)`": "Ollama's and Hugging Face's own way to write an image",
    r"missing required field `id`": "a tool call that nobody can answer",
    r"max_tokens: must be at least 1": "Anthropic's format has no answer of no tokens",
    r"needs a message that is not empty": "an empty message",
    r"broke off before its end": "no stream of the format: an SDK kept one whole message as a single event",
    r"exactly one is translated, not 0": "an answer without any choice (Azure's filter, recorded as 200)",
}
"""Message of the refusal (a pattern) -> why it cannot be said in the other format. Each is refused, none dropped."""

BOOK = PriceBook(seed_cards())


@pytest.fixture(scope="module")
def upstream() -> Iterator[ReplayUpstream]:
    with ReplayUpstream() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, upstream: ReplayUpstream) -> Iterator[GatewayProcess]:
    data_dir: Path = tmp_path_factory.mktemp("replay") / "data"
    with GatewayProcess(data_dir, environ=NO_BUDGETS) as running:
        running.control(
            "from headgate.control.deployments.models import Deployment\n"
            "from headgate.control.deployments.operations import save_deployment\n"
            "from headgate.control.organizations.models import Organization\n"
            "from headgate.control.organizations.operations import save_organization\n"
            "from headgate.providers.table import PROVIDERS\n"
            "organization = Organization.objects.get()\n"
            "organization.unpriced_allowed = True\n"
            "save_organization(organization)\n"
            f"for name in PROVIDERS:\n"
            f"    save_deployment(Deployment(name='*', provider=name, base_url='{upstream.url}'))\n"
        )
        running.wait_for_revision(running.revision())
        yield running


@pytest.fixture(scope="module")
def client(gateway: GatewayProcess) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=gateway.url, headers={"authorization": f"Bearer {gateway.key}"}, timeout=30) as opened:
        yield opened


# Models without a price card pass, which no budget admits.
NO_BUDGETS = {"AI_MONTHLY_SPEND_LIMIT_USD": "none", "AI_USER_DAILY_SPEND_LIMIT_USD": "none"}


def provider_of(exchange: dict[str, Any]) -> str:
    name: str = exchange["provider"]
    return STAND_INS.get(name, name)


def recorded_request(exchange: dict[str, Any]) -> dict[str, Any]:
    """The recorded request, or where only the answer was kept, a plain one that fits it."""
    request = exchange["request"] or {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 64}
    request = {name: value for name, value in request.items() if name != "anthropic_version"}
    streamed = "response_sse" in exchange
    if streamed or request.get("stream"):
        request["stream"] = streamed
    if streamed and exchange["request"] is None and "messages" not in exchange["endpoint"].lower():
        request["stream_options"] = {"include_usage": True}
    model = request.get("model") or exchange.get("model")
    if not model and isinstance(exchange.get("response"), dict):
        model = exchange["response"].get("model")
    return request | {"model": model or "unnamed"}


def dumped(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def read_back(body: bytes, format_: Format, *, streamed: bool) -> Seen:
    read = read_chat if format_ is Format.OPENAI_CHAT else read_messages
    return read(body, streamed=streamed)


def check_event(event: dict[str, Any], provider: str, requested: str) -> str | None:
    """Compare a cost event with usage x card, computed here; returns what is wrong."""
    if event["outcome"] != "ok":
        return None
    at = dt.datetime.fromisoformat(event["occurred_at"]).replace(tzinfo=dt.UTC)
    cards = [
        card
        for model in (event["response_model"], requested)
        if model
        and (
            card := BOOK.card_for(provider=PROVIDERS[provider].price_provider, model=model, organization_id=None, at=at)
        )
    ]
    routed = event["response_model"] not in {None, requested}
    if not cards or (len(cards) == 1 and cards[0].free and routed):
        # Without a card, or a free model's request that was answered by one whose price is not known: no amount.
        return None if event["amount_nano"] is None else f"no card, yet booked as {event['amount_nano']}"
    quantities = {Unit(name): count for name, count in json.loads(event["quantities"]).items()}
    expected = price(cards[0], Usage(quantities), event["service_tier"]).amount
    return None if event["amount_nano"] == expected else f"booked {event['amount_nano']}, usage x card is {expected}"


class Account:
    """Counts per provider and collects what failed."""

    def __init__(self) -> None:
        self.passed: collections.Counter[str] = collections.Counter()
        self.known: dict[str, str] = {}
        self.failed: dict[str, str] = {}
        self.events: list[tuple[str, str, str, str]] = []

    def finish(self, gateway: GatewayProcess, title: str) -> None:
        self._check_events(gateway)
        reasons = collections.Counter(self.known.values())
        print(f"\n{title}: {sum(self.passed.values())} passed, {len(self.known)} cannot, {len(self.failed)} failed")
        for reason, count in reasons.most_common():
            print(f"  {count:3} cannot: {reason}")
        assert not self.failed, "\n".join(f"{exchange}: {wrong}" for exchange, wrong in self.failed.items())

    def _check_events(self, gateway: GatewayProcess) -> None:
        ids = [request_id for _, request_id, _, _ in self.events]
        if not ids:
            return
        marks = ",".join("?" * len(ids))
        statement = f"SELECT * FROM headgate_cost_event WHERE request_id IN ({marks})"
        rows = wait_until(
            lambda: (found := gateway.rows(statement, *ids)) and len(found) == len(ids) and found,
            what="one cost event per exchange",
        )
        by_id = {row["request_id"]: row for row in rows}
        for exchange_id, request_id, provider, requested in self.events:
            if wrong := check_event(by_id[request_id], provider, requested):
                self.failed[exchange_id] = wrong


def known_reason(refusal: str) -> str | None:
    return next((reason for pattern, reason in CANNOT_TRANSLATE.items() if re.search(pattern, refusal)), None)


@pytest.mark.parametrize("name", chat_files() + MESSAGES_FILES)
def test_the_same_format_passes_byte_for_byte(
    name: str, gateway: GatewayProcess, upstream: ReplayUpstream, client: httpx2.Client
) -> None:
    account = Account()
    messages = name in MESSAGES_FILES
    path = "/v1/messages" if messages else "/v1/chat/completions"
    for exchange in exchanges(name):
        provider = provider_of(exchange)
        if messages and Format.ANTHROPIC_MESSAGES not in PROVIDERS[provider].paths:
            provider = "anthropic"
        request = recorded_request(exchange)
        upstream.script = scripted(exchange)
        upstream.asked.clear()
        answer = client.post(path, content=dumped(request | {"model": f"{provider}/{request['model']}"}))
        wrong = compare_bytes(upstream, exchange, request, answer)
        if wrong:
            account.failed[exchange["id"]] = wrong
        else:
            account.passed[provider] += 1
            if answer.status_code < 400:
                account.events.append((exchange["id"], answer.headers["x-request-id"], provider, request["model"]))
    account.finish(gateway, name)


def without_usage_event(body: bytes) -> bytes:
    """What a client sees that did not ask for usage: the event that carries nothing else is ours."""
    blocks = body.split(b"\n\n")
    return b"\n\n".join(block for block in blocks if not is_usage_event(block))


def is_usage_event(block: bytes) -> bool:
    if not block.startswith(b"data: {"):
        return False
    document = json.loads(block[6:])
    return document.get("choices") == [] and bool(document.get("usage"))


def compare_bytes(
    upstream: ReplayUpstream, exchange: dict[str, Any], request: dict[str, Any], answer: httpx2.Response
) -> str | None:
    if not upstream.asked:
        return f"never sent: {answer.status_code} {answer.text[:300]}"
    sent = json.loads(upstream.asked[0].body)
    if "stream_options" not in request:
        sent.pop("stream_options", None)
    if sent != request:
        changed = {field for field in sent.keys() | request.keys() if sent.get(field) != request.get(field)}
        return f"the upstream was asked something else in {sorted(changed)}"
    if answer.status_code != exchange["status"]:
        return f"status {answer.status_code} instead of {exchange['status']}: {answer.text[:200]}"
    expected = upstream.script.body
    if exchange["request"] is not None and not (request.get("stream_options") or {}).get("include_usage"):
        expected = without_usage_event(expected)
    if answer.content != expected:
        return f"other bytes: {len(answer.content)} instead of {len(upstream.script.body)}"
    return None


@pytest.mark.parametrize("name", chat_files() + MESSAGES_FILES)
def test_the_other_format_says_the_same(
    name: str, gateway: GatewayProcess, upstream: ReplayUpstream, client: httpx2.Client
) -> None:
    account = Account()
    messages = name in MESSAGES_FILES
    spoken, asked = Format.ANTHROPIC_MESSAGES, Format.OPENAI_CHAT
    path = "/v1/chat/completions"
    if not messages:
        spoken, asked, path = asked, spoken, "/v1/messages"
    for exchange in exchanges(name):
        if exchange["status"] >= 400:
            continue
        provider = "anthropic" if messages else provider_of(exchange)
        provider = SPEAK_BOTH.get(provider, provider)
        request = recorded_request(exchange)
        try:
            body = in_other_format(request, spoken, asked, f"{provider}/{request['model']}")
            wrong, request_id = say(upstream, client, path, exchange, body, spoken, asked)
        except UntranslatableError as error:
            wrong, request_id = str(error), None
        reason = known_reason(wrong) if wrong and request_id is None else None
        if reason:
            account.known[exchange["id"]] = reason
        elif wrong:
            account.failed[exchange["id"]] = wrong
        else:
            account.passed[provider] += 1
            if request_id:
                account.events.append((exchange["id"], request_id, provider, request["model"]))
    account.finish(gateway, name)


def error_of(body: bytes) -> str | None:
    """The message of an error event inside a stream."""
    for event in events(body):
        if error := event.get("error"):
            return str(error.get("message") if isinstance(error, dict) else error)
    return None


def as_the_other_says(seen: Seen, asked: Format) -> Seen:
    """Where the formats have no equal words: Anthropic's has no absent count, and names what a message holds."""
    if asked is not Format.ANTHROPIC_MESSAGES:
        return seen
    tools = [(name, {} if given is None else given) for name, given in seen.tools]
    stop = seen.stop or "stop"
    if stop == "stop" and tools:
        stop = "tool_calls"
    return Seen(seen.text, tools, stop, seen.prompt_tokens or 0, seen.completion_tokens or 0)


def in_other_format(request: dict[str, Any], spoken: Format, asked: Format, model: str) -> bytes:
    fields = {field: msgspec.Raw(json.dumps(value).encode()) for field, value in request.items()}
    conversation = codec_for(spoken).parse_request(fields)
    body = json.loads(codec_for(asked).render_request(conversation, model=model, default_max_tokens=4096))
    if asked is Format.OPENAI_CHAT and body.get("stream"):
        body["stream_options"] = {"include_usage": True}
    return dumped(body)


def say(
    upstream: ReplayUpstream,
    client: httpx2.Client,
    path: str,
    exchange: dict[str, Any],
    body: bytes,
    spoken: Format,
    asked: Format,
) -> tuple[str | None, str | None]:
    upstream.script = scripted(exchange)
    upstream.asked.clear()
    answer = client.post(path, content=body)
    if answer.status_code != exchange["status"]:
        message = json.loads(answer.content)["error"]["message"]
        return re.sub(r"^.*cannot be said in this format: ", "", message), None
    streamed = upstream.script.streamed
    if streamed and (broken := error_of(answer.content)):
        same = bool(error_of(upstream.script.body))
        return (None if same else re.sub(r"^.*cannot be said in this format: ", "", broken)), None
    expected = as_the_other_says(read_back(upstream.script.body, spoken, streamed=streamed), asked)
    if (
        re.search(rb'"refusal":"[^"]', upstream.script.body)
        and asked is Format.ANTHROPIC_MESSAGES
        and expected.stop == "stop"
    ):
        expected = expected._replace(stop="content_filter")
    actual = read_back(answer.content, asked, streamed=streamed)
    request_id: str = answer.headers["x-request-id"]
    if expected == actual:
        return None, request_id
    pairs = zip(Seen._fields, expected, actual, strict=True)
    return "; ".join(
        f"{field}: {old!r:.200} became {new!r:.200}" for field, old, new in pairs if old != new
    ), request_id
