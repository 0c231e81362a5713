import pytest

from headgate.control.requestlog.attempts import attempts_table

pytestmark = pytest.mark.django_db
TRIED = {
    "deployment_id": "env:openai",
    "provider": "openai",
    "model": "gpt-4o",
    "outcome": "unreached",
    "status": None,
    "error": "upstream_timeout",
    "ms": 30_000.0,
    "cost_nano": None,
}


def test_an_attempt_that_nothing_came_back_from_has_no_status(costs_hidden):
    table = attempts_table([TRIED])
    assert [["1", "openai", "env:openai", "gpt-4o", "unreached", "-", "upstream_timeout", "30.0 s"]] == table["rows"]
    assert len(table["headers"]) == len(table["rows"][0])


def test_where_costs_are_shown_an_attempt_has_an_amount():
    table = attempts_table([{**TRIED, "cost_nano": 0}])
    assert ("Amount", "$0.00") == (table["headers"][-1], table["rows"][0][-1])


def test_no_attempts_are_no_rows_and_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert [] == attempts_table([])["rows"]
