from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from headgate.control.policies.checks import MAX_ENTRIES, MAX_ENTRY_CHARS, check_policy
from headgate.control.policies.models import Policy

pytestmark = pytest.mark.django_db


def complaints(**fields: object) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        check_policy(Policy(name="P", **fields))
    return caught.value.message_dict


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"blocked_models": ["*"]},
        {"allowed_models": ["***", "[", "模型-*", "straße", "a" * MAX_ENTRY_CHARS]},
        {"allowed_providers": ["openai", "sim"], "required_attribution": ["team", "agent"]},
        {"max_tokens_per_request": 1},
        {"max_tokens_per_request": 2**63 - 1},
        {"max_cost_per_request_eur": Decimal(0), "max_cost_per_day_eur": Decimal(0)},
        {"max_cost_per_day_eur": Decimal("0.000001"), "time_zone": "Asia/Kolkata"},
        {"max_cost_per_day_eur": Decimal(999_999_999)},
    ],
)
def test_what_can_be_enforced_is_accepted(fields: dict):
    check_policy(Policy(name="P", **fields))


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("allowed_models", [""], "1 to 256 printable characters"),
        ("blocked_models", ["gpt\n4"], "1 to 256 printable characters"),
        ("blocked_models", ["gpt\N{ZERO WIDTH SPACE}4"], "1 to 256 printable characters"),
        ("allowed_models", ["a" * (MAX_ENTRY_CHARS + 1)], "1 to 256 printable characters"),
        ("blocked_models", [f"m{number}" for number in range(MAX_ENTRIES + 1)], "at most 1000 entries"),
        ("allowed_tasks", ["a\tb"], "1 to 256 printable characters"),
        ("allowed_providers", ["opnai"], "'opnai' is no provider; there are ai21,"),
        ("required_attribution", ["tema"], "'tema' is no field; there are agent, app,"),
        ("max_tokens_per_request", 0, "Give 1 or more tokens"),
        ("max_tokens_per_request", -1, "Give 1 or more tokens"),
        ("max_tokens_per_request", 2**63, "Give at most 9,223,372,036,854,775,807 tokens"),
        ("max_cost_per_request_eur", Decimal("-0.01"), "Give 0 or more"),
        ("max_cost_per_day_eur", Decimal("NaN"), "must be a decimal number"),
        ("max_cost_per_day_eur", Decimal("Infinity"), "must be a decimal number"),
        ("max_cost_per_day_eur", Decimal(100_000_000_000), "no more than"),
        ("time_zone", "Berlin", "'Berlin' is no time zone"),
        ("time_zone", "", "is no time zone"),
    ],
)
def test_what_cannot_be_enforced_is_refused_by_field(field: str, value: object, said: str):
    found = complaints(**{field: value})
    assert [field] == list(found)
    assert said in found[field][0]


def test_everything_that_is_wrong_is_said_at_once():
    assert {"allowed_providers", "max_tokens_per_request", "time_zone"} == set(
        complaints(allowed_providers=["x"], max_tokens_per_request=0, time_zone="x")
    )
