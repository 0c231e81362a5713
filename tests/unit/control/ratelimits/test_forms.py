import pytest

from headgate.control.ratelimits.forms import RateLimitForm

pytestmark = pytest.mark.django_db


def errors(**fields: object) -> dict[str, list[str]]:
    return RateLimitForm({"name": "L", "scope": "key", **fields}).errors


def test_a_limit_for_each_key_is_accepted():
    assert {} == errors(requests_per_minute="60")


def test_complaints_stand_beside_their_field():
    assert ["subject"] == list(errors(requests_per_minute="60", subject="nobody"))
    assert ["tokens_per_minute"] == list(errors(tokens_per_minute="0"))
    assert ["concurrency"] == list(errors(concurrency="1.5"))


def test_nothing_given_is_a_complaint_of_the_whole():
    assert ["__all__"] == list(errors())
