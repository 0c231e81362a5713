from decimal import Decimal

import msgspec
import pytest

from headgate.domain.outcome import Outcome
from headgate.ledger.records import Record, decode_record, encode_record
from tests.kit.books import logged, sent, settled


@pytest.mark.parametrize(
    "record",
    [
        sent(),
        sent(card_id=None, hold=None),
        settled(),
        settled(usage=None, cost=None, card_id=None, status=None, response_model=None),
        logged(),
        logged(usage=None, original_model=None, outcome=Outcome.REFUSED, client_gone=True, message="Nö."),
    ],
)
def test_a_record_comes_back_as_it_was(record: Record):
    assert record == decode_record(encode_record(record))


@pytest.mark.parametrize("cost", ["0.1", "1E-30", "123456789.123456789123456789"])
def test_a_reported_cost_keeps_every_digit(cost: str):
    assert Decimal(cost) == decode_record(encode_record(settled(reported_cost=Decimal(cost)))).reported_cost


def test_the_largest_amounts_fit():
    assert 2**63 - 1 == decode_record(encode_record(sent(hold=2**63 - 1))).hold


@pytest.mark.parametrize("payload", [b"", b"\xc1", msgspec.msgpack.encode({"type": "refunded"})])
def test_what_is_no_record_of_this_version_is_refused(payload: bytes):
    with pytest.raises(msgspec.DecodeError):
        decode_record(payload)
