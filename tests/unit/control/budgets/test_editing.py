import pytest
from django.core.exceptions import ValidationError

from headgate.control.budgets.editing import save_changes
from headgate.control.budgets.models import Adjustment, Budget
from headgate.control.budgets.operations import create_budget
from headgate.control.publication.models import Snapshot

pytestmark = pytest.mark.django_db
BY = {"reason": "because", "actor": "root"}


@pytest.fixture
def budget() -> Budget:
    return create_budget(name="b", scope="system", period="day", limit=10)


def test_several_changes_are_one_publication(budget):
    save_changes(budget, {"name": "c", "limit": 3, "period": "month", "time_zone": "Asia/Tokyo"}, **BY)
    budget.refresh_from_db()
    assert ("c", 3, "month", "Asia/Tokyo", 2) == (
        budget.name,
        budget.limit,
        budget.period,
        budget.time_zone,
        budget.epoch,
    )
    assert (2, 2) == (Snapshot.objects.count(), Adjustment.objects.count())


def test_a_change_that_is_refused_takes_the_others_back(budget):
    with pytest.raises(ValidationError):
        save_changes(budget, {"name": "c", "limit": -3}, **BY)
    budget.refresh_from_db()
    assert ("b", 10, 1) == (budget.name, budget.limit, Snapshot.objects.count())


def test_soft_alone_keeps_the_limit(budget):
    save_changes(budget, {"soft": True}, **BY)
    budget.refresh_from_db()
    assert (True, 10, 2) == (budget.soft, budget.limit, budget.limit_version)
