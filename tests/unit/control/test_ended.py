import pytest
from django.db import connection

from headgate.control.ended import ended_otherwise
from headgate.control.ledger.models import CostEvent
from headgate.control.requestlog.models import RequestLog
from headgate.domain.outcome import Outcome
from tests.kit.books import NOON
from tests.unit.control.api.people import ask

pytestmark = pytest.mark.django_db


def test_what_ended_well_is_left_out(acme):
    ids = {outcome: ask(acme, number, at=NOON, outcome=outcome) for number, outcome in enumerate(Outcome)}
    found = ended_otherwise(RequestLog.objects.all())
    assert {*ids.values()} - {ids[Outcome.OK]} == {row.pk for row in found}


@pytest.mark.parametrize("model", [RequestLog, CostEvent])
def test_the_index_of_what_ended_otherwise_is_used(model):
    if connection.vendor != "sqlite":
        # On a table without rows Postgres uses no index.
        assert "NOT" in str(ended_otherwise(model.objects.all()).query)
        return
    plan = ended_otherwise(model.objects.filter(outcome="rejected").order_by("-occurred_at")).explain()
    assert "otherwise" in plan
