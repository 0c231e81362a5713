"""Where a request can be looked at in LangSmith, or why it cannot."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from headgate.control.sinks.health import LANGSMITH, SinkHealth
from headgate.control.sinks.models import Delivery
from headgate.control.sinks.sampling import is_sampled
from headgate.domain.ids import RequestId
from headgate.domain.trace import run_id_of

VIEW = "View in LangSmith"


class Trace(NamedTuple):
    """A link, or a reason."""

    text: str
    href: str = ""


def traces_of(request_ids: Iterable[str], health: SinkHealth) -> Mapping[str, Trace]:
    """Return for each request where its run is; what is still queued or was refused is not there."""
    wanted = list(request_ids)
    if not wanted or not health.tracing:
        return dict.fromkeys(wanted, Trace("not traced"))
    rows = Delivery.objects.filter(sink=LANGSMITH, request_id__in=wanted).values_list("request_id", "refusal")
    queued = dict(rows)
    return {each: _trace(each, health, queued) for each in wanted}


def _trace(request_id: str, health: SinkHealth, queued: Mapping[str, str | None]) -> Trace:
    if request_id in queued:
        return Trace("waits for LangSmith" if queued[request_id] is None else "refused by LangSmith")
    run = str(run_id_of(RequestId(request_id)))
    if not is_sampled(run, health.sampling_rate):
        return Trace("not sampled")
    if health.project_url is None:
        return Trace("address not known yet")
    return Trace(VIEW, f"{health.project_url}/r/{run}?poll=true")
