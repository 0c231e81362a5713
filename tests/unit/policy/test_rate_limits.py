import pytest

from headgate.policy.rate_limits import REMEMBERED, Counted, Exceeded, RateLimitTable, exceeded_error
from headgate.snapshot.contract import RateLimit


def rule(id_: str, scope: str, *, organization_id: str | None = None, subject: str | None = None) -> RateLimit:
    return RateLimit(id=id_, organization_id=organization_id, scope=scope, subject=subject, requests_per_minute=10)


def counters(table: RateLimitTable, **asked: str | None) -> list[str]:
    given = {"organization_id": "acme", "key_id": "k1", "user": "ann", "model": "gpt", "deployment_id": "d1"} | asked
    return [f"{counted.rule.id}/{counted.subject}" for counted in table.of(**given)]


def test_without_limits_nothing_is_counted():
    assert [] == counters(RateLimitTable([]))


@pytest.mark.parametrize(
    ("scope", "counter"),
    [("key", "k1"), ("user", "acme/ann"), ("organization", "acme"), ("model", "acme/gpt"), ("deployment", "d1")],
)
def test_a_limit_of_the_installation_counts_each_subject_of_its_scope(scope: str, counter: str):
    assert [f"r/{counter}"] == counters(RateLimitTable([rule("r", scope)]))


def test_the_same_user_and_model_of_two_organizations_are_counted_apart():
    table = RateLimitTable([rule("u", "user"), rule("m", "model")])
    assert ["u/acme/ann", "m/acme/gpt"] == counters(table)
    assert ["u/other/ann", "m/other/gpt"] == counters(table, organization_id="other")


def test_a_deployment_is_counted_for_all_who_call_it():
    table = RateLimitTable([rule("d", "deployment")])
    assert ["d/d1"] == counters(table) == counters(table, organization_id="other")


def test_a_limit_with_a_subject_is_for_that_subject_alone():
    table = RateLimitTable([rule("r", "user", organization_id="acme", subject="ann")])
    assert ["r/acme/ann"] == counters(table)
    assert [] == counters(table, user="bob")


def test_an_organizations_limit_is_for_that_organization_alone():
    table = RateLimitTable([rule("r", "user", organization_id="acme")])
    assert ["r/acme/ann"] == counters(table)
    assert [] == counters(table, organization_id="other")


def test_all_limits_that_apply_are_counted():
    rules = [
        rule("own one", "key", organization_id="acme", subject="k1"),
        rule("own each", "key", organization_id="acme"),
        rule("all one", "key", subject="k1"),
        rule("all each", "key"),
        rule("organization", "organization", subject="acme"),
    ]
    expected = ["own one/k1", "own each/k1", "all one/k1", "all each/k1", "organization/acme"]
    assert expected == counters(RateLimitTable(rules))


def test_where_no_user_or_deployment_is_known_their_limits_do_not_apply():
    table = RateLimitTable([rule("u", "user"), rule("d", "deployment")])
    assert [] == counters(table, user=None, deployment_id=None)


def test_an_empty_user_is_a_user():
    assert ["u/acme/"] == counters(RateLimitTable([rule("u", "user")]), user="")


def test_what_callers_name_does_not_fill_the_memory():
    table = RateLimitTable([rule("u", "user")])
    for number in range(REMEMBERED + 10):
        assert [f"u/acme/{number}"] == counters(table, user=str(number))
    assert len(table._remembered) <= REMEMBERED


def refused(scope: str, subject: str, what: str, *, tokens: int = 0) -> str:
    error = exceeded_error(Exceeded(Counted(rule("r", scope), subject), what, 10, 3.2), tokens=tokens)
    assert (429, "rate_limit_exceeded", 4, True) == (error.status, error.code, error.retry_after_s, error.should_retry)
    return error.message


@pytest.mark.parametrize(
    ("scope", "subject", "whose"),
    [
        ("key", "k1", "This key"),
        ("user", "acme/ann/x", "The user 'ann/x'"),
        ("organization", "acme", "This organisation"),
        ("model", "acme/openai/gpt", "The model 'openai/gpt'"),
        ("deployment", "d1", "This deployment"),
    ],
)
def test_a_refusal_says_whose_limit_it_is(scope: str, subject: str, whose: str):
    assert f"{whose} is at its limit of 10 requests per minute. Retry in 4 s." == refused(scope, subject, "requests")


def test_a_refusal_says_what_is_limited_and_what_helps():
    assert "This key is at its limit of 10 concurrent requests. Retry in 4 s." == refused("key", "k", "concurrency")
    expected = "This key is at its limit of 10 tokens per minute. Retry in 4 s, or lower max_tokens."
    assert expected == refused("key", "k", "tokens", tokens=10)


def test_a_request_over_the_limit_by_itself_is_told_to_ask_for_less():
    message = refused("key", "k", "tokens", tokens=11)
    assert (
        "This request alone may use 11 and is admitted only while nothing else is counted: lower max_tokens" in message
    )


def test_a_refusal_never_says_to_retry_at_once():
    assert 1 == exceeded_error(Exceeded(Counted(rule("r", "key"), "k"), "requests", 10, 0.0)).retry_after_s
