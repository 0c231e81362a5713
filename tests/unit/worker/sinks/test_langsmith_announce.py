from headgate.control.sinks.environment import LangSmithSettings
from headgate.domain.ids import RequestId
from headgate.domain.trace import TraceContext
from headgate.ledger.postings import request_log, told_to_nobody
from headgate.worker.sinks.langsmith.announce import announcing
from tests.kit.books import NOON, logged
from tests.kit.deliveries import delivery

ROOT = "20260101T120000000000Z019b7959-057b-7000-8000-{:012x}"


def log(number: int = 1):
    return request_log(logged(request_id=RequestId(f"aigw_{1767268800000 + number}_{number:016x}")))


def test_every_request_is_told_of():
    announce = announcing(LangSmithSettings(api_key="k"))
    posted = log()
    assert [delivery(posted.request_id)] == list(announce(posted, None))
    context = TraceContext(langsmith="run", baggage="a=b")
    assert [{"langsmith": "run", "baggage": "a=b"}] == [each.context for each in announce(posted, context)]
    assert NOON - 1 == announce(posted, None)[0].occurred_at


def test_where_tracing_is_off_nobody_is_told():
    assert told_to_nobody is announcing(LangSmithSettings(api_key=None))
    assert told_to_nobody is announcing(LangSmithSettings(api_key="k", enabled=False))
    assert () == told_to_nobody(log(), None)


def test_a_share_is_told_of_and_the_children_of_one_trace_alike():
    announce = announcing(LangSmithSettings(api_key="k", sampling_rate=0.1))
    alone = [bool(announce(log(number), None)) for number in range(2000)]
    assert 120 < sum(alone) < 280
    assert alone == [bool(announce(log(number), None)) for number in range(2000)]
    for trace in range(100):
        context = TraceContext(langsmith=ROOT.format(trace))
        assert 1 == len({bool(announce(log(number), context)) for number in range(5)})


def test_none_of_them_is_none():
    assert not announcing(LangSmithSettings(api_key="k", sampling_rate=0.0))(log(), None)
