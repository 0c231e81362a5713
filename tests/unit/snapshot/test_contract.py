import datetime as dt
from decimal import Decimal

import msgspec
import pytest

from headgate.domain.budget import BudgetId, BudgetUnit, Period, Scope
from headgate.domain.ids import DeploymentId
from headgate.domain.prices import Rate, Tier, Variant
from headgate.domain.usage import Unit
from headgate.snapshot.contract import (
    CONTRACT_VERSION,
    Budget,
    ContractMismatchError,
    Deployment,
    PublishedKey,
    SubjectEpoch,
    decode_key,
    decode_snapshot,
    encode_key,
    encode_snapshot,
)
from tests.kit.fakes import PRINCIPAL, price_card, snapshot_of

FULL = snapshot_of(
    Deployment(id=DeploymentId("d"), organization_id="o", name="*", provider="openai", credential=b"\x00\xff"),
    cards=(
        price_card(
            "openai",
            "gpt",
            rates={Unit.INPUT: Rate(Decimal("0.000000000001"), (Tier(200_000, Decimal("1.10")),))},
            variants=(Variant("flex", {Unit.OUTPUT: Rate(Decimal("2.5"))}, dt.date(2026, 1, 1)),),
            active_from=dt.date(2025, 1, 2),
            daily_from=dt.time(16, 30),
            daily_to=dt.time(0, 30),
        ),
    ),
)

BUDGETS = [
    Budget(
        id=BudgetId(f"{number:032x}"),
        organization_id="o",
        name=f"budget {number}",
        scope=Scope.USER,
        subject=f"user-{number}",
        period=Period.MONTH,
        calendar="month:UTC",
        unit=BudgetUnit.MONEY,
        limit=10**18,
        hard=2 * 10**18,
        subject_epochs=(SubjectEpoch("o/anna", 2),),
        usd_rate="1.08",
    )
    for number in range(3)
]


def test_a_snapshot_comes_back_as_it_was_to_the_last_decimal():
    assert FULL == decode_snapshot(encode_snapshot(FULL))


def test_budgets_come_back_in_their_order():
    budgets = tuple(BUDGETS)
    assert budgets == decode_snapshot(encode_snapshot(msgspec.structs.replace(FULL, budgets=budgets))).budgets


def test_a_budget_that_cannot_be_read_is_a_mismatch():
    snapshot = msgspec.structs.replace(FULL, budgets=(msgspec.structs.replace(BUDGETS[0], period="fortnight"),))
    with pytest.raises(ContractMismatchError, match="fortnight"):
        decode_snapshot(encode_snapshot(snapshot))


def test_a_key_comes_back_as_it_was():
    assert PublishedKey(principal=PRINCIPAL) == decode_key(encode_key(PublishedKey(principal=PRINCIPAL)))


@pytest.mark.parametrize("version", [CONTRACT_VERSION + 1, 0])
def test_another_version_is_refused_and_named(version: int):
    with pytest.raises(ContractMismatchError, match=f"version {version}"):
        decode_snapshot(encode_snapshot(msgspec.structs.replace(FULL, version=version)))
    with pytest.raises(ContractMismatchError, match=f"version {version}"):
        decode_key(encode_key(PublishedKey(version=version, principal=PRINCIPAL)))


@pytest.mark.parametrize("payload", [b"", b"\xc1", b"{}", msgspec.msgpack.encode({"version": 1})])
def test_what_cannot_be_read_is_a_mismatch(payload: bytes):
    with pytest.raises(ContractMismatchError):
        decode_snapshot(payload)
    with pytest.raises(ContractMismatchError):
        decode_key(payload)


def test_fields_that_a_later_writer_of_the_same_version_adds_are_ignored():
    document = msgspec.msgpack.decode(encode_key(PublishedKey(principal=PRINCIPAL)))
    assert PRINCIPAL == decode_key(msgspec.msgpack.encode(document | {"more": 1})).principal
