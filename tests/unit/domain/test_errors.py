import inspect
import re

import pytest

from headgate.domain import errors
from headgate.domain.errors import (
    BadRequest,
    Fault,
    GatewayError,
    Unavailable,
    UpstreamError,
    UpstreamRejected,
    UpstreamTimeout,
)


def test_a_refusal_carries_what_the_caller_needs():
    refusal = Unavailable("Later.", code="journal_full", param="model", retry_after_s=5)
    assert ("Later.", "journal_full", "model", 5, 503) == (
        refusal.message,
        refusal.code,
        refusal.param,
        refusal.retry_after_s,
        refusal.status,
    )
    assert "Later." == str(refusal)


def test_an_upstream_error_says_whose_it_is_and_whether_it_was_billed():
    error = UpstreamTimeout("Slow.", provider="openai", unbilled=False)
    assert ("openai", False, 504, "upstream_timeout") == (error.provider, error.unbilled, error.status, error.code)


def test_a_rejection_keeps_the_providers_status_and_body():
    error = UpstreamRejected("No.", provider="openai", unbilled=True, status=429, body=b"{}")
    assert (429, b"{}", 502) == (error.status, error.body, UpstreamError.status)


@pytest.mark.parametrize("error", [BadRequest("x", code="c"), UpstreamTimeout("x", provider="p", unbilled=False)])
def test_every_error_of_ours_is_one_of_the_tree(error: GatewayError):
    assert isinstance(error, GatewayError)
    assert not isinstance(error, Fault)


def test_the_tree_in_the_docstring_names_every_class_with_its_status():
    drawn = dict(re.findall(r"[├└]── (\w+) +(\d{3})?", errors.__doc__))
    classes = {
        name: found
        for name, found in inspect.getmembers(errors, inspect.isclass)
        if issubclass(found, GatewayError) and found is not GatewayError
    }
    assert classes.keys() == drawn.keys()
    for name, status in drawn.items():
        if status and name != "Fault":
            assert int(status) == classes[name].status, name
