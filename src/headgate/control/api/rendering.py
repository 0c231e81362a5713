"""Answers as bytes. Amounts are decimal literals in JSON, and decimal numbers in CSV: no float comes near them."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja.renderers import BaseRenderer
from pydantic import BaseModel

from headgate.control.api.authentication import shown_key

JSON = "application/json"
CSV = "text/csv"
PAGE = "text/html"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_encoder = msgspec.json.Encoder()


class ExactJson(BaseRenderer):
    """Renders what an operation returns."""

    media_type = JSON

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:  # noqa: ARG002
        """Return JSON."""
        return encode(data)


def encode(data: Any) -> bytes:
    """Return JSON, with every digit of a decimal number, and none in the notation with an exponent."""
    return _encoder.encode(_exact(data))


def wants_csv(request: HttpRequest, asked: str | None) -> bool:
    """Say whether a table is to be CSV: by `format`, or where that says nothing by `Accept`."""
    return asked == "csv" if asked else request.get_preferred_type([JSON, CSV]) == CSV


def wants_page(request: HttpRequest) -> bool:
    """Say whether a page is wanted where there is one: a browser asks, or `format` is `html`; keys are of programs."""
    if request.method not in {"GET", "HEAD"} or shown_key(request):
        return False
    if asked := request.GET.get("format"):
        return asked == "html"
    return request.get_preferred_type([JSON, CSV, PAGE]) == PAGE


def csv_answer(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """Return a table as a file. What a spreadsheet would take for a formula is shown as text."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    response = HttpResponse(text.getvalue(), content_type=f"{CSV}; charset=utf-8")
    response["content-disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _exact(data: Any) -> Any:
    if isinstance(data, Decimal):
        return msgspec.Raw(_digits(data).encode())
    if isinstance(data, BaseModel):
        return _exact(data.model_dump())
    if isinstance(data, Mapping):
        return {name: _exact(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [_exact(value) for value in data]
    return data


def _digits(number: Decimal) -> str:
    """Return every digit that says something: `0.0042`, `5`."""
    whole, _, decimals = f"{number:f}".partition(".")
    kept = decimals.rstrip("0")
    return f"{whole}.{kept}" if kept else whole


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return _digits(value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return str(value)
