import pytest
from django.core.exceptions import ValidationError

from headgate.control.budgets.checks import check_budget, time_zones
from headgate.control.budgets.models import Budget
from headgate.control.keys.operations import create_key, revoke_key

pytestmark = pytest.mark.django_db


def budget(**changes: object) -> Budget:
    return Budget(**{"name": "b", "scope": "user", "period": "day", "limit": 1, **changes})


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("scope", {"scope": "galaxy"}),
        ("period", {"period": "fortnight"}),
        ("unit", {"unit": "euros"}),
        ("name", {"name": "  "}),
        ("time_zone", {"time_zone": "Mars/Olympus"}),
        ("subject", {"scope": "system", "subject": "ada"}),
        ("organization", {"subject": "ada"}),
        ("organization", {"scope": "key", "subject": "1" * 32}),
    ],
)
def test_parts_that_do_not_fit_name_the_field(field: str, changes: dict[str, str]):
    with pytest.raises(ValidationError) as refusal:
        check_budget(budget(**changes))
    assert [field] == list(refusal.value.message_dict)


def test_scope_and_organization_have_to_agree(acme):
    with pytest.raises(ValidationError, match="system has no organization"):
        check_budget(budget(scope="system", organization=acme))
    with pytest.raises(ValidationError, match="has no subject"):
        check_budget(budget(scope="organization", organization=acme, subject=acme.pk))
    check_budget(budget(scope="organization", organization=acme))
    check_budget(budget(organization=acme, subject="ada"))


def test_a_key_has_to_be_one_of_the_organization_and_in_use(acme, other):
    key, _ = create_key(acme, "ci")
    check_budget(budget(scope="key", organization=acme, subject=key.pk))
    with pytest.raises(ValidationError, match="no virtual key"):
        check_budget(budget(scope="key", organization=other, subject=key.pk))
    revoke_key(key)
    with pytest.raises(ValidationError, match="revoked"):
        check_budget(budget(scope="key", organization=acme, subject=key.pk))


def test_utc_is_always_known():
    assert {"UTC", "Europe/Berlin"} <= set(time_zones())
