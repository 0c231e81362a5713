"""What an admin changes is live in every worker: a new key, a revoked key, a changed price, a switched-off organisation."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.gateway import GatewayProcess, wait_until

KEY_CODE = """
from headgate.control.keys.operations import create_key
from headgate.control.organizations.models import Organization
print(create_key(Organization.objects.get(), "fresh").plain)
"""


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayProcess]:
    with GatewayProcess(tmp_path / "data", workers=2) as running:
        yield running


def status_of(gateway: GatewayProcess, key: str) -> int:
    """Status of one request on a connection of its own, so that either worker may get it."""
    body = json.dumps({"model": "sim/echo", "messages": [{"role": "user", "content": "hi"}]}).encode()
    request = urllib.request.Request(
        f"{gateway.url}/v1/chat/completions", data=body, headers={"authorization": f"Bearer {key}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def everywhere(gateway: GatewayProcess, key: str, status: int) -> bool:
    """Whether twenty requests in a row get that status: with two workers, both have answered."""
    return all(status_of(gateway, key) == status for _ in range(20))


def test_keys_prices_and_organizations_change_while_it_runs(gateway: GatewayProcess) -> None:
    assert everywhere(gateway, "sk-hg-unknown", 401)
    fresh = gateway.control(KEY_CODE).strip()
    wait_until(lambda: everywhere(gateway, fresh, 200), what="the new key in both workers")

    gateway.control(f"from headgate.control.keys.operations import revoke_key_named; revoke_key_named({fresh[:12]!r})")
    wait_until(lambda: everywhere(gateway, fresh, 401), what="the revocation in both workers")

    old = gateway.rows("SELECT card_id FROM headgate_cost_event")[0]["card_id"]
    gateway.control(
        "import msgspec\n"
        "from decimal import Decimal\n"
        "from headgate.control.pricing.operations import add_override\n"
        "from headgate.domain.prices import Rate\n"
        "from headgate.domain.usage import Unit\n"
        "from headgate.pricing.card_ids import identified\n"
        "from headgate.pricing.sim_cards import sim_cards\n"
        "card = next(card for card in sim_cards() if card.model == 'echo')\n"
        "rates = {Unit.INPUT: Rate(Decimal('1000')), Unit.OUTPUT: Rate(Decimal('2000'))}\n"
        "add_override(identified(msgspec.structs.replace(card, rates=rates, source='admin', priority=100)))\n"
    )
    gateway.wait_for_revision(gateway.revision())

    def newest_card() -> str:
        assert status_of(gateway, gateway.key) == 200
        newest = "SELECT card_id FROM headgate_cost_event ORDER BY occurred_at DESC LIMIT 1"
        return str(gateway.rows(newest)[0]["card_id"])

    wait_until(lambda: newest_card() != old, what="the new price")
    amount = gateway.rows("SELECT * FROM headgate_cost_event ORDER BY occurred_at DESC LIMIT 1")[0]
    assert amount["amount_nano"] == amount["prompt_tokens"] * 1_000_000 + amount["completion_tokens"] * 2_000_000

    gateway.control(
        "from headgate.control.organizations.models import Organization\n"
        "from headgate.control.organizations.operations import set_organization_enabled\n"
        "set_organization_enabled(Organization.objects.get().name, enabled=False)\n"
    )
    wait_until(lambda: everywhere(gateway, gateway.key, 403), what="the switched-off organisation in both workers")


def test_a_second_start_keeps_the_data_and_prints_no_secret(tmp_path: Path) -> None:
    gateway = GatewayProcess(tmp_path / "data", first_start=True)
    with gateway:
        assert status_of(gateway, gateway.key) == 200
        assert gateway.key in gateway.log()
    first = gateway.log()
    with gateway:
        again = gateway.log()[len(first) :]
        assert "Headgate is ready" in again
        assert gateway.key not in again
        assert "password" not in again.split("(kept;")[0]
        assert status_of(gateway, gateway.key) == 200
        wait_until(
            lambda: len(gateway.rows("SELECT 1 FROM headgate_cost_event")) == 2, what="the events of both starts"
        )
    assert list((gateway.data_dir / "journal").iterdir()) == []
