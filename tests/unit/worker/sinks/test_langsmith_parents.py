import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langsmith import RunTree

from headgate.domain.trace import TraceContext
from headgate.worker.sinks.langsmith.parents import parent_of

ROOT = "20260101T120000000000Z019b7959-057b-7000-8000-000000000001"
CHILD = "20260101T120001000000Z019b7959-057b-7000-8000-000000000002"


def test_the_headers_of_langsmiths_own_sdk_are_read():
    root = RunTree(
        name="outer", project_name="a project, of theirs", extra={"metadata": {"customer": "ä=1,2"}}, tags=["x", "y"]
    )
    headers = root.create_child(name="inner", tags=["x", "y"], extra={"metadata": {"customer": "ä=1,2"}}).to_headers()
    found = parent_of(TraceContext(langsmith=headers["langsmith-trace"], baggage=headers["baggage"]))
    assert found is not None
    assert (root.trace_id, headers["langsmith-trace"], "a project, of theirs") == (
        found.trace_id,
        found.dotted_order,
        found.project,
    )
    assert found.run_id != root.id
    assert "ä=1,2" == found.metadata["customer"]
    assert ("x", "y") == found.tags


def test_the_innermost_run_is_the_one_that_called():
    found = parent_of(TraceContext(langsmith=f" {ROOT}.{CHILD} "))
    assert found is not None
    assert (uuid.UUID(ROOT[-36:]), uuid.UUID(CHILD[-36:])) == (found.trace_id, found.run_id)
    assert (None, {}, ()) == (found.project, found.metadata, found.tags)


@pytest.mark.parametrize("said", ["", "x", ROOT[:-1], f"{ROOT}.", f"{ROOT}.x", ROOT[1:]])
def test_what_names_no_run_is_as_if_it_had_not_been_said(said: str):
    assert parent_of(TraceContext(langsmith=said)) is None
    assert parent_of(None) is None


@pytest.mark.parametrize(
    "baggage", ["langsmith-metadata=%7B", "langsmith-metadata=[1]", "langsmith-metadata", "langsmith-project=", "=,="]
)
def test_baggage_that_cannot_be_read_is_left(baggage: str):
    found = parent_of(TraceContext(langsmith=ROOT, baggage=baggage))
    assert found is not None
    assert (None, {}, ()) == (found.project, found.metadata, found.tags)


@given(st.text(), st.text())
def test_nothing_that_a_caller_writes_is_an_error(said: str, baggage: str):
    parent_of(TraceContext(langsmith=said, baggage=baggage))
    parent_of(TraceContext(langsmith=ROOT, baggage=baggage))
