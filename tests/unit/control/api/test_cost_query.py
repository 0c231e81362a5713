import datetime as dt

import pytest
from pydantic import ValidationError

from headgate.control.api.cost_query import FILTERS, MOST_GROUPS, NAMES, CostQuery
from headgate.domain.errors import BadRequest


def query(**given: object) -> CostQuery:
    return CostQuery.model_validate(given)


def test_without_anything_it_is_the_last_thirty_days_by_model():
    asked = query()
    assert ({}, ["model"], 30) == (asked.where, asked.groups, asked.days)


@pytest.mark.parametrize(("theirs", "ours"), FILTERS.items())
def test_every_name_of_the_callers_is_a_filter_in_our_words(theirs: str, ours: str):
    assert {ours: "x"} == query(**{theirs: "x"}).where


def test_an_empty_value_stands_for_costs_that_have_none():
    assert {"user": None} == query(userId="").where


def test_groups_are_names_with_commas_and_spaces():
    assert ["day", "userId"] == query(groupBy="day , userId").groups


@pytest.mark.parametrize("wrong", ["colour", "model,model", ",".join(list(NAMES)[: MOST_GROUPS + 1]), "model,"])
def test_names_that_there_are_not_or_twice_or_too_many_are_refused(wrong: str):
    with pytest.raises(BadRequest):
        _ = query(groupBy=wrong).groups


def test_no_other_source_is_known():
    with pytest.raises(ValidationError):
        query(source="electricity")


@pytest.mark.parametrize(
    ("given", "begins", "ends"),
    [
        ({"days": 2}, "2026-11-28", "2026-11-30"),
        ({"since": "2026-11-01"}, "2026-11-01", "2026-11-30"),
        ({"until": "2026-11-10", "days": 3}, "2026-11-07", "2026-11-10"),
        ({"since": "2026-11-01", "until": "2026-11-02"}, "2026-11-01", "2026-11-02"),
    ],
)
def test_days_are_whole_ones_and_the_last_is_not_among_them(given: dict[str, object], begins: str, ends: str):
    span = query(**given).span(dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC))
    assert (dt.date.fromisoformat(begins), dt.date.fromisoformat(ends)) == (span.since, span.until)


def test_no_days_at_all_are_refused():
    with pytest.raises(BadRequest):
        query(since="2026-11-02", until="2026-11-02").span(dt.datetime(2026, 11, 29, tzinfo=dt.UTC))
