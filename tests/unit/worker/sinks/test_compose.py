from structlog.testing import capture_logs

from headgate.control.sinks.environment import LangSmithSettings
from headgate.ledger.postings import told_to_nobody
from headgate.worker.sinks.compose import announcing, senders


def test_what_is_off_says_why_and_loads_nothing(settings):
    settings.LANGSMITH = LangSmithSettings(api_key=None)
    with capture_logs() as lines:
        assert [] == senders()
    assert [("tracing_off", "LANGSMITH_API_KEY is not set.")] == [(line["event"], line["reason"]) for line in lines]
    assert told_to_nobody is announcing()


def test_what_is_on_has_a_sender(settings):
    settings.LANGSMITH = LangSmithSettings(api_key="k", endpoint="http://127.0.0.1:9")
    with capture_logs() as lines:
        assert 1 == len(senders())
    assert ["tracing_on"] == [line["event"] for line in lines]
    assert told_to_nobody is not announcing()
