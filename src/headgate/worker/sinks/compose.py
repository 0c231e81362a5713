"""The only place of the worker that names sinks."""

import structlog
from django.conf import settings

from headgate.control.sinks.environment import LangSmithSettings
from headgate.ledger.postings import Announce
from headgate.worker.sinks.langsmith.announce import announcing as announcing_to_langsmith
from headgate.worker.sinks.sender import Sender

_log = structlog.get_logger()


def announcing() -> Announce:
    """Which sinks are to be told of a request."""
    return announcing_to_langsmith(settings.LANGSMITH)


def senders() -> list[Sender]:
    """One for each sink that is on; what is off says why."""
    langsmith: LangSmithSettings = settings.LANGSMITH
    if (reason := langsmith.why_off) is not None:
        _log.info("tracing_off", sink="langsmith", reason=reason)
        return []
    # It brings an HTTP library and much else with it: who does not use it does not load it.
    from headgate.worker.sinks.langsmith.sink import LangSmithSink

    _log.info("tracing_on", sink="langsmith", project=langsmith.project, sampling_rate=langsmith.sampling_rate)
    return [Sender(LangSmithSink(langsmith))]
