"""Limits that nobody could keep are refused by the control plane, by field; a refused one changes nothing."""

import json

import pytest

from tests.kit.gateway import GatewayProcess

TRY = """
import datetime as dt
import json
from decimal import Decimal
from django.core.exceptions import ValidationError
from headgate.control.budgets.models import Budget
from headgate.control.budgets.operations import create_budget
from headgate.control.currencies.models import ExchangeRate
from headgate.control.currencies.operations import add_rate
from headgate.control.keys.operations import create_key
from headgate.control.organizations.models import Organization
from headgate.control.organizations.operations import create_organization
from headgate.control.policies.models import Policy
from headgate.control.policies.operations import save_policy
from headgate.control.ratelimits.models import RateLimit
from headgate.control.ratelimits.operations import save_rate_limit
organization = Organization.objects.exclude(name__startswith="Other").first()
other = Organization.objects.filter(name="Other limits").first() or create_organization("Other limits")
foreign = create_key(other, "foreign").key
def counts():
    return [model.objects.count() for model in (Budget, Policy, RateLimit, ExchangeRate)]
def complaint(make):
    try:
        make()
    except ValidationError as error:
        by_field = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        return {field: " ".join(reasons) for field, reasons in by_field.items()}
    return {}
def budget(**changes):
    fields = {"organization": organization, "name": "bad", "scope": "organization", "period": "day"}
    limit = Decimal(changes.pop("limit", "1"))
    return lambda: create_budget(limit=limit, **{**fields, **changes})
def policy(**changes):
    return lambda: save_policy(Policy(organization=organization, name="bad", **changes), actor="test")
def rate(**changes):
    return lambda: save_rate_limit(RateLimit(name="bad", **{"scope": "key", **changes}))
def exchange(currency, usd_rate):
    return lambda: add_rate(currency, Decimal(usd_rate), active_from=dt.date(2026, 1, 1), source="test")
"""

BAD = {
    'budget(limit="-0.000000001")': {"limit": "Give 0 or more"},
    'budget(limit="-1", unit="tokens")': {"limit": "Give 0 or more"},
    'budget(limit="NaN")': {"limit": "Give a number."},
    'budget(limit="Infinity")': {"limit": "Give a number."},
    'budget(limit="1e999999")': {"limit": "Too large"},
    'budget(limit="5000000000")': {"limit": "at most 4,611,686,018 USD, soft multiplier included"},
    'budget(limit="3000000000", soft=True)': {"limit": "soft multiplier included"},
    'budget(limit="0.0000000001")': {"limit": "at most 9 decimals"},
    'budget(limit="1.5", unit="requests")': {"limit": "a whole number of requests"},
    'budget(unit="coffee")': {"unit": "Choose one of money, tokens, requests."},
    'budget(period="week")': {"period": "Choose one of day, month, total."},
    'budget(scope="galaxy")': {"scope": "Choose one of system, organization"},
    'budget(currency="QQQ")': {"currency": "'QQQ' is no known currency; known are "},
    'budget(currency="eur")': {"currency": "'eur' is no known currency"},
    'budget(time_zone="Europe/Atlantis")': {"time_zone": "'Europe/Atlantis' is no time zone"},
    'budget(time_zone="../etc/passwd")': {"time_zone": "is no time zone"},
    'budget(name="  ")': {"name": "Give it a name"},
    'budget(scope="system")': {"organization": "The scope system has no organization"},
    'budget(subject="us")': {"subject": "leave it empty"},
    'budget(scope="user", subject="ann", organization=None)': {"organization": ""},
    'budget(scope="key", subject="no-such-key")': {"subject": "virtual key"},
    'budget(scope="key", subject=foreign.pk)': {"subject": "virtual key"},
    "policy(max_tokens_per_request=0)": {"max_tokens_per_request": "Give 1 or more tokens"},
    "policy(max_tokens_per_request=2**63)": {"max_tokens_per_request": "Give at most"},
    'policy(max_cost_per_request_eur=Decimal("-1"))': {"max_cost_per_request_eur": "Give 0 or more"},
    'policy(max_cost_per_day_eur=Decimal("NaN"))': {"max_cost_per_day_eur": ""},
    'policy(allowed_providers=["skynet"])': {"allowed_providers": "'skynet' is no provider"},
    'policy(required_attribution=["planet"])': {"required_attribution": "'planet' is no field"},
    'policy(time_zone="Mars/Base")': {"time_zone": "'Mars/Base' is no time zone"},
    "rate()": {"": "Give at least one limit"},
    "rate(requests_per_minute=0)": {"requests_per_minute": "Give 1 or more"},
    "rate(tokens_per_minute=-5)": {"tokens_per_minute": "Give 1 or more"},
    "rate(concurrency=10**13)": {"concurrency": "Give at most 1,000,000,000,000"},
    'rate(concurrency=1, subject="no-such-key")': {"subject": "There is no virtual key"},
    "rate(concurrency=1, organization=organization, subject=foreign.pk)": {"subject": "There is no virtual key"},
    'exchange("EUR", "0")': {"usd_rate": ""},
    'exchange("EUR", "-1.1")': {"usd_rate": ""},
    'exchange("euro", "1.1")': {"currency": ""},
}


@pytest.fixture(scope="module")
def complaints(gateway: GatewayProcess) -> dict[str, dict[str, str]]:
    """What the control plane says against each call; nothing is written."""
    calls = "".join(f"found[{call!r}] = complaint({call})\n" for call in BAD)
    code = f"found = {{}}\nbefore = counts()\n{calls}assert counts() == before\nprint(json.dumps(found))\n"
    found: dict[str, dict[str, str]] = json.loads(gateway.control(TRY + code).splitlines()[-1])
    return found


@pytest.mark.parametrize("call", BAD)
def test_a_limit_that_cannot_be_kept_is_refused_by_field(complaints: dict[str, dict[str, str]], call: str) -> None:
    assert complaints[call].keys() == BAD[call].keys()
    for field, words in BAD[call].items():
        assert words in complaints[call][field]
        assert complaints[call][field]
