import pytest

from headgate.control.api.langsmith import langsmith_state
from tests.unit.control.api.conftest import ANALYTICS
from tests.unit.control.api.people import session_of


@pytest.mark.django_db
def test_the_operator_is_told_how_langsmith_does(superuser):
    told = session_of(superuser).get(f"{ANALYTICS}/langsmith/health/").json()
    assert {"connected": False, "tracing": False}.items() <= told.items()
    assert langsmith_state().reason == told["reason"]
