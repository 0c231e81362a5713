import msgspec
import pytest

from headgate.control.pages.analytics.traces import Trace, traces_of
from headgate.control.sinks.environment import LangSmithSettings
from headgate.control.sinks.health import langsmith_health
from headgate.control.sinks.models import Delivery
from headgate.domain.ids import RequestId
from headgate.domain.trace import run_id_of
from tests.kit.deliveries import post_told

pytestmark = pytest.mark.django_db
PROJECT = "https://smith.example/o/1/projects/p/2"


@pytest.fixture
def health(settings):
    settings.LANGSMITH = LangSmithSettings(api_key="k")
    return msgspec.structs.replace(langsmith_health(), project_url=PROJECT)


def test_a_request_that_was_told_of_has_a_link(health):
    run = run_id_of(RequestId("aigw_1_a"))
    assert {"aigw_1_a": Trace("View in LangSmith", f"{PROJECT}/r/{run}?poll=true")} == traces_of(["aigw_1_a"], health)
    assert {} == traces_of([], health)


def test_what_is_not_there_says_why(health):
    for name in "ab":
        post_told(name)
    Delivery.objects.filter(request_id="b").update(refusal="no")
    assert ["waits for LangSmith", "refused by LangSmith"] == [each.text for each in traces_of("ab", health).values()]
    for changes, reason in (
        ({"sampling_rate": 0.0}, "not sampled"),
        ({"project_url": None}, "address not known yet"),
        ({"tracing": False}, "not traced"),
    ):
        assert {"c": Trace(reason)} == traces_of("c", msgspec.structs.replace(health, **changes))
