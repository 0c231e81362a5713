import re

import pytest

from headgate.control.sql_views.definitions import TABLES, VIEWS, WORDS, query_of


@pytest.mark.parametrize("vendor", WORDS)
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_one_query_over_the_tables_that_are_waited_for(view: str, vendor: str):
    query = query_of(view, vendor)
    assert query.startswith("SELECT")
    assert set(re.findall(r"headgate_\w+", query)) <= set(TABLES)
    assert "{" not in query
