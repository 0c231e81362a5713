import pytest

from headgate.domain.trace import TraceContext
from headgate.pipeline.trace_context import MAX_CHARS, trace_context_of
from tests.kit.fakes import Rig, ScriptedAnswer, chat_answer

RUN = "20260101T120000000000Z019b7959-057b-7000-8000-000000000001"


@pytest.mark.parametrize(
    ("expected", "headers"),
    [
        (None, {}),
        (None, {"baggage": "langsmith-tags=a"}),
        (None, {"langsmith-trace": ""}),
        (None, {"langsmith-trace": "x" * (MAX_CHARS + 1)}),
        (TraceContext(langsmith=RUN), {"langsmith-trace": RUN}),
        (TraceContext(langsmith=RUN, baggage="b=1"), {"langsmith-trace": RUN, "baggage": "b=1"}),
        (TraceContext(langsmith=RUN), {"langsmith-trace": RUN, "baggage": "x" * (MAX_CHARS + 1)}),
    ],
)
def test_what_a_caller_says_is_taken_as_it_is_or_not_at_all(expected, headers: dict[str, str]):
    assert expected == trace_context_of(headers)


async def test_it_is_on_record():
    rig = Rig()
    await rig.run(ScriptedAnswer(200, chat_answer()), headers={"langsmith-trace": RUN})
    assert TraceContext(langsmith=RUN) == rig.journal.logged.trace
