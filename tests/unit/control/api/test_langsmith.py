import datetime as dt

import msgspec
import pytest
from django.utils import timezone

from headgate.control.api.langsmith import LangSmithHealth
from headgate.control.sinks.environment import LangSmithSettings
from headgate.control.sinks.health import SinkHealth
from headgate.control.sinks.models import SinkState
from tests.unit.control.api.conftest import ANALYTICS
from tests.unit.control.api.people import session_of

pytestmark = pytest.mark.django_db
HEALTH = f"{ANALYTICS}/langsmith/health/"


def test_every_field_of_what_is_known_is_told():
    assert set(SinkHealth.__struct_fields__) == set(LangSmithHealth.model_fields)


def test_the_operator_is_told_how_langsmith_does(superuser, settings):
    settings.LANGSMITH = LangSmithSettings(api_key=None)
    told = session_of(superuser).get(HEALTH).json()
    assert {"connected": False, "tracing": False, "project": "allthrive-ai-gateway"}.items() <= told.items()
    assert "LANGSMITH_API_KEY" in told["reason"]


def test_it_is_connected_when_it_answered_lately(superuser, settings):
    settings.LANGSMITH = msgspec.structs.replace(LangSmithSettings(api_key="lsv2_secret"), project="p")
    now = timezone.now()
    SinkState.objects.create(pk="langsmith", tried_at=now, answered_at=now)
    answer = session_of(superuser).get(HEALTH)
    assert {"connected": True, "tracing": True, "project": "p", "reason": None}.items() <= answer.json().items()
    assert b"lsv2_secret" not in answer.content
    SinkState.objects.update(tried_at=now - dt.timedelta(hours=1))
    assert not session_of(superuser).get(HEALTH).json()["connected"]
