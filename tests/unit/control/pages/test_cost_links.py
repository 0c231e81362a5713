import datetime as dt

import pytest
from django.http import QueryDict

from headgate.control.pages.cost_links import address, asked_by_form, chips, export, of_value


def test_an_address_is_the_question_with_one_thing_changed_on_its_first_page():
    query = QueryDict("teamId=t%261&groupBy=day,model&offset=100")
    assert "/costs?teamId=t%261&groupBy=day,model&sort=tokens" == address(query, sort="tokens")
    assert "/costs?teamId=t%261&groupBy=day,model&offset=200" == address(query, offset="200")
    assert "/costs?groupBy=day,model" == address(query, without=["teamId"])


def test_a_value_becomes_a_filter_and_a_day_the_span():
    query = QueryDict("days=30&groupBy=teamId")
    assert "/costs?days=30&groupBy=teamId&teamId=t1" == of_value(query, "teamId", "t1")
    assert "/costs?days=30&groupBy=teamId&teamId=" == of_value(query, "teamId", None)
    day = of_value(query, "day", dt.date(2026, 11, 30))
    assert "/costs?groupBy=teamId&since=2026-11-30&until=2026-12-01" == day


def test_programs_get_the_whole_table_without_what_is_the_pages_own():
    query = QueryDict("teamId=t1&sort=tokens&offset=100&limit=10&format=html")
    assert "/costs?teamId=t1&limit=1000&format=csv" == export(query, "csv")


def test_filters_are_chips_that_lead_to_the_address_without_them():
    found = chips(QueryDict("teamId=t1&model=&days=7"))
    assert [("teamId", "t1", "/costs?model=&days=7"), ("model", "", "/costs?teamId=t1&days=7")] == found


@pytest.mark.parametrize(
    ("sent", "asked"),
    [
        ("form=1&teamId=+t1+&model=&days=7&since=&until=", "teamId=t1&days=7"),
        ("form=1&teamId=&model=&none=model", "model="),
        ("form=1&model=gpt&none=model", "model=gpt"),
        ("form=1&by=day&by=&by=teamId&by=&sort=day", "sort=day&groupBy=day,teamId"),
        ("form=1&by=model&sort=day", "groupBy=model"),
        ("form=1&days=30&since=2026-11-01&offset=50", "since=2026-11-01"),
    ],
)
def test_what_the_form_leaves_empty_is_not_asked(sent: str, asked: str):
    assert f"/costs?{asked}" == asked_by_form(QueryDict(sent))
