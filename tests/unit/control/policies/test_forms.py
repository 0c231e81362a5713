from decimal import Decimal

import pytest

from headgate.control.policies.forms import PolicyForm
from headgate.control.policies.models import Policy

pytestmark = pytest.mark.django_db


def form(acme, **given: object) -> PolicyForm:
    return PolicyForm({"organization": acme.pk, "name": "Production", "time_zone": "UTC", **given})


def test_lists_are_written_one_entry_per_line_and_each_once(acme):
    given = form(acme, allowed_models=" gpt-* \r\n\r\nclaude-*\ngpt-*\n", blocked_models="gpt-4", enabled="on")
    assert given.is_valid(), given.errors
    policy = given.save(commit=False)
    assert (["gpt-*", "claude-*"], ["gpt-4"], [], [], True, False) == (
        policy.allowed_models,
        policy.blocked_models,
        policy.allowed_tasks,
        policy.required_attribution,
        policy.enabled,
        policy.shadow,
    )


def test_a_stored_policy_is_shown_as_it_was_written(acme):
    shown = PolicyForm(instance=Policy(organization=acme, allowed_models=["a", "b"], required_attribution=["team"]))
    assert ("a\nb", "", ["team"]) == tuple(
        shown.initial[name] for name in ("allowed_models", "blocked_models", "required_attribution")
    )


def test_amounts_are_shown_without_digits_that_nobody_wrote(acme):
    shown = PolicyForm(instance=Policy(organization=acme, max_cost_per_day_eur=Decimal("1200.500000")))
    assert ("1200.5", None) == (shown.initial["max_cost_per_day_eur"], shown.initial["max_cost_per_request_eur"])


def test_a_list_of_white_space_is_an_empty_list(acme):
    given = form(acme, allowed_models=" \n\t\n ")
    assert given.is_valid(), given.errors
    assert [] == given.save(commit=False).allowed_models


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "two\nlines"),
        ("allowed_models", "gpt\N{ZERO WIDTH SPACE}"),
        ("allowed_providers", "nobody"),
        ("required_attribution", ["mood"]),
        ("max_tokens_per_request", "0"),
        ("max_tokens_per_request", "many"),
        ("max_tokens_per_request", str(2**63)),
        ("max_cost_per_request_eur", "-1"),
        ("max_cost_per_day_eur", "NaN"),
        ("max_cost_per_day_eur", "1e99"),
        ("max_cost_per_day_eur", "0.0000001"),
        ("time_zone", "Mars/Olympus"),
    ],
)
def test_what_makes_no_sense_is_said_beside_its_field(field: str, value: object, acme):
    assert [field] == list(form(acme, **{field: value}).errors)


def test_an_organization_has_one_policy_of_a_name(acme, other):
    Policy.objects.create(organization=acme, name="Production")
    assert not form(acme).is_valid()
    assert form(other).is_valid()


def test_fields_have_the_names_that_verdicts_use(acme):
    labels = {str(field.label) for field in PolicyForm().fields.values()}
    assert {
        "allowedModels",
        "blockedModels",
        "allowedProviders",
        "allowedTasks",
        "requiredAttribution",
        "maxTokensPerReq",
        "maxCostPerReqEur",
        "maxCostPerDayEur",
    } <= labels
