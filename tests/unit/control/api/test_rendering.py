import datetime as dt
from decimal import Decimal

import pytest
from django.test import RequestFactory
from pydantic import BaseModel

from headgate.control.api.rendering import ExactJson, csv_answer, encode, wants_csv
from headgate.domain.money import NanoUsd, nano_to_usd


class Answer(BaseModel):
    amount: Decimal


@pytest.mark.parametrize(
    ("expected", "nano"),
    [("0", 0), ("0.000000001", 1), ("0.0042", 4_200_000), ("9223372036.854775807", 2**63 - 1), ("100", 10**11)],
)
def test_amounts_have_all_their_digits_and_no_exponent(expected: str, nano: int):
    amount = nano_to_usd(NanoUsd(nano))
    assert f'{{"a":[{expected}]}}'.encode() == encode({"a": [amount]})
    assert f"x\r\n{expected}\r\n".encode() == csv_answer("t", ["x"], [[amount]]).content


def test_everything_else_is_as_usual():
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert b'{"a":{"amount":1.5},"b":"2026-01-01T00:00:00Z","c":[null,true,1,0.5,"x"]}' == ExactJson().render(
        RequestFactory().get("/"), {"a": Answer(amount=Decimal("1.50")), "b": moment, "c": (None, True, 1, 0.5, "x")},
        response_status=200,
    )  # fmt: skip


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_what_a_spreadsheet_would_compute_is_text(start: str):
    assert f"'{start}1" in csv_answer("t", ["x"], [[f"{start}1"]]).content.decode()
    assert b"x\r\n-1\r\n" == csv_answer("t", ["x"], [[Decimal(-1)]]).content


def test_nothing_is_an_empty_cell():
    assert b'x,y\r\n,"a,b"\r\n' == csv_answer("t", ["x", "y"], [[None, "a,b"]]).content


@pytest.mark.parametrize(
    ("expected", "asked", "accept"),
    [
        (True, "csv", "application/json"),
        (False, "json", "text/csv"),
        (True, None, "text/csv"),
        (True, None, "application/json;q=0.1, text/csv"),
        (False, None, "*/*"),
        (False, None, "text/html"),
        (False, None, ""),
    ],
)
def test_a_table_is_csv_by_its_parameter_or_by_what_is_accepted(expected: bool, asked: str | None, accept: str):
    assert expected == wants_csv(RequestFactory().get("/", headers={"accept": accept}), asked)
