"""Every recorded exchange through a running gateway, at the door of its own format and at all others.

A replaying upstream gives the recorded answers. Same format: the client gets the recorded bytes. Other format: the same
text, tool calls, stop reason and token counts. And each leaves one cost event that is usage x card, or no amount where
there is no card. The formats are the rows of `tests/kit/spoken.py`.
"""

import collections
import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
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
from headgate.providers.provider import Auth
from headgate.providers.table import PROVIDERS
from headgate.simulator.signatures import ACCESS_KEY_ID, SECRET_ACCESS_KEY, find_fault
from headgate.translate.codec import UntranslatableError
from headgate.translate.registry import codec_for
from tests.kit.gateway import GatewayProcess, wait_until
from tests.kit.reading import events
from tests.kit.recordings import exchanges, needs_recordings
from tests.kit.replay import ReplayUpstream, scripted
from tests.kit.spoken import PROVIDER_ONLY, SPOKEN, Asked, Spoken, as_events, is_streamed
from tests.kit.untranslatable import known_reason, refused_by_us

pytestmark = [needs_recordings, pytest.mark.timeout(600)]

BOOK = PriceBook(seed_cards())
RECORDED = [(row.format, name) for row in SPOKEN.values() for name in row.files]
ROWS = SPOKEN | PROVIDER_ONLY
TRANSLATED = [
    (row.format, name, asked)
    for row in ROWS.values()
    for name in row.files
    for asked in SPOKEN
    if asked is not row.format
]


@pytest.fixture(scope="module")
def upstream() -> Iterator[ReplayUpstream]:
    with ReplayUpstream() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    data_dir: Path = tmp_path_factory.mktemp("replay") / "data"
    with GatewayProcess(data_dir, environ=NO_BUDGETS) as running:
        running.control(
            "from headgate.control.organizations.models import Organization\n"
            "from headgate.control.organizations.operations import save_organization\n"
            "organization = Organization.objects.get()\n"
            "organization.unpriced_allowed = True\n"
            "save_organization(organization)\n"
        )
        yield running


SIGNING = [name for name, provider in PROVIDERS.items() if provider.auth is Auth.AWS]
KEYS = json.dumps({"access_key_id": ACCESS_KEY_ID, "secret_access_key": SECRET_ACCESS_KEY, "region": "us-east-1"})
# Models without a price card pass, which no budget admits.
NO_BUDGETS = {"AI_MONTHLY_SPEND_LIMIT_USD": "none", "AI_USER_DAILY_SPEND_LIMIT_USD": "none"}


@pytest.fixture(scope="module")
def spoken(request: pytest.FixtureRequest, gateway: GatewayProcess, upstream: ReplayUpstream) -> Spoken:
    """The format that every operator speaks for now, as long as it speaks it at all; the tests come in that order."""
    row = ROWS[request.param]
    operators = [name for name, provider in PROVIDERS.items() if row.format in provider.paths]
    gateway.control(
        "from headgate.control.deployments.models import Deployment, ProviderCredential\n"
        "from headgate.control.deployments.operations import delete_deployments, save_credential\n"
        "from headgate.control.publication.operations import publishing\n"
        "delete_deployments(Deployment.objects.all())\n"
        "with publishing():\n"
        f"    for name in {operators!r}:\n"
        f"        keys = ProviderCredential.objects.filter(provider=name).first()\n"
        f"        if keys is None and name in {SIGNING!r}:\n"
        f"            keys = ProviderCredential(name='recorded', provider=name)\n"
        f"            save_credential(keys, plain={KEYS!r})\n"
        f"        made = Deployment(name='*', provider=name, base_url='{upstream.url}', format='{row.name}')\n"
        f"        made.credential = keys\n"
        f"        made.save()\n"
    )
    gateway.wait_for_revision(gateway.revision())
    return row


@pytest.fixture(scope="module")
def client(gateway: GatewayProcess) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=gateway.url, headers={"authorization": f"Bearer {gateway.key}"}, timeout=30) as opened:
        yield opened


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


@pytest.mark.parametrize(("spoken", "name"), RECORDED, indirect=["spoken"], scope="module")
def test_the_same_format_passes_byte_for_byte(
    spoken: Spoken, name: str, gateway: GatewayProcess, upstream: ReplayUpstream, client: httpx2.Client
) -> None:
    account = Account()
    for exchange in exchanges(name):
        provider, request = spoken.provider_of(exchange), spoken.request_of(exchange)
        answer = post(client, upstream, exchange, spoken.asked_as_it_was(exchange, f"{provider}/{request['model']}"))
        wrong = compare_bytes(spoken, upstream, exchange, request, answer)
        if not upstream.asked and (reason := refused_by_us(answer.text)):
            account.known[exchange["id"]] = reason
        elif wrong:
            account.failed[exchange["id"]] = wrong
        else:
            account.passed[provider] += 1
            if answer.status_code < 400:
                account.events.append((exchange["id"], answer.headers["x-request-id"], provider, request["model"]))
    account.finish(gateway, name)


def post(client: httpx2.Client, upstream: ReplayUpstream, exchange: Mapping[str, Any], asked: Asked) -> httpx2.Response:
    upstream.script = scripted(exchange)
    upstream.asked.clear()
    return client.post(asked.path, content=asked.body)


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
    spoken: Spoken,
    upstream: ReplayUpstream,
    exchange: dict[str, Any],
    request: dict[str, Any],
    answer: httpx2.Response,
) -> str | None:
    if not upstream.asked:
        return f"never sent: {answer.status_code} {answer.text[:300]}"
    sent = json.loads(upstream.asked[0].body)
    if spoken.asks_for_usage and "stream_options" not in request:
        sent.pop("stream_options", None)
    if not spoken.flagged:
        request = {field: value for field, value in request.items() if field != "model"}
    if sent != request:
        changed = {field for field in sent.keys() | request.keys() if sent.get(field) != request.get(field)}
        return f"the upstream was asked something else in {sorted(changed)}"
    if answer.status_code != exchange["status"]:
        return f"status {answer.status_code} instead of {exchange['status']}: {answer.text[:200]}"
    expected = upstream.script.body
    asked_for_usage = bool((request.get("stream_options") or {}).get("include_usage"))
    if spoken.asks_for_usage and exchange["request"] is not None and not asked_for_usage:
        expected = without_usage_event(expected)
    if answer.content != expected:
        return f"other bytes: {len(answer.content)} instead of {len(upstream.script.body)}"
    return None


@pytest.mark.parametrize(("spoken", "name", "asked"), TRANSLATED, indirect=["spoken"], scope="module")
def test_the_other_format_says_the_same(
    spoken: Spoken, name: str, asked: Format, gateway: GatewayProcess, upstream: ReplayUpstream, client: httpx2.Client
) -> None:
    account, door = Account(), SPOKEN[asked]
    for exchange in map(as_events, exchanges(name)):
        if exchange["status"] >= 400:
            continue
        provider, request = spoken.provider_of(exchange), spoken.request_of(exchange)
        try:
            at_the_door = said_at(door, spoken, request, f"{provider}/{request['model']}", is_streamed(exchange))
            answer = post(client, upstream, exchange, at_the_door)
            wrong, request_id = compare_sense(spoken, door, upstream, exchange, answer)
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
    account.finish(gateway, f"{name} as {door.name}")


def said_at(door: Spoken, spoken: Spoken, request: dict[str, Any], model: str, streamed: bool) -> Asked:
    """The recorded request as a client of another format would have written it."""
    if not spoken.flagged:
        request = {field: value for field, value in request.items() if field != "model"}
    if spoken.conversation is None:
        fields = {field: msgspec.Raw(json.dumps(value).encode()) for field, value in request.items()}
        conversation = codec_for(spoken.format).parse_request(fields)
    else:
        conversation = spoken.conversation(request)
    conversation = msgspec.structs.replace(conversation, stream=streamed)
    body = json.loads(codec_for(door.format).render_request(conversation, model=model, default_max_tokens=4096))
    if door.asks_for_usage and streamed:
        body["stream_options"] = {"include_usage": True}
    return door.ask(body, model, streamed)


def error_of(body: bytes) -> str | None:
    """The message of an error event inside a stream."""
    for event in events(body):
        delta = event.get("delta")
        if error := event.get("error") or (isinstance(delta, dict) and delta.get("error")):
            return str(error.get("message") if isinstance(error, dict) else error)
    return None


def compare_sense(
    spoken: Spoken, door: Spoken, upstream: ReplayUpstream, exchange: Mapping[str, Any], answer: httpx2.Response
) -> tuple[str | None, str | None]:
    """(what is wrong, id of the request where it was answered)."""
    if PROVIDERS[spoken.provider_of(exchange)].auth is Auth.AWS and upstream.asked:
        sent = upstream.asked[-1]
        if fault := find_fault("POST", sent.path, sent.headers, sent.body):
            return f"not signed as it should be: {fault}", answer.headers["x-request-id"]
    if answer.status_code != exchange["status"]:
        message = json.loads(answer.content)["error"]["message"]
        return without_preface(message), None
    streamed = upstream.script.streamed
    if streamed and (broken := error_of(answer.content)):
        same = bool(error_of(upstream.script.body))
        return (None if same else without_preface(broken)), None
    expected = door.told(spoken.read(upstream.script.body, streamed=streamed))._replace(refused=False)
    actual = door.read(answer.content, streamed=streamed)._replace(refused=False)
    request_id: str = answer.headers["x-request-id"]
    if expected == actual:
        return None, request_id
    pairs = zip(expected._fields, expected, actual, strict=True)
    return "; ".join(
        f"{field}: {old!r:.200} became {new!r:.200}" for field, old, new in pairs if old != new
    ), request_id


def without_preface(message: str) -> str:
    return re.sub(r"^.*cannot be said in this format: ", "", message)
