import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError

from headgate.control.environment import SettingsError
from headgate.control.first_start import fill
from headgate.control.keys.models import VirtualKey
from headgate.control.keys.operations import hash_key
from headgate.control.organizations.models import Organization, User
from headgate.control.pricing.models import PriceCard
from headgate.control.publication.models import Publication, PublishedKey, Snapshot
from headgate.domain.prices import PriceCard as Card
from headgate.snapshot.contract import decode_snapshot
from tests.kit.books import card

pytestmark = pytest.mark.django_db
CARDS = (card(), card(id="openai/gpt-2@always#2", model="gpt-2"))


def by_id(cards: tuple[Card, ...]) -> dict[str, Card]:
    return {one.id: one for one in cards}


def test_an_empty_database_gets_an_organization_an_admin_and_a_key_that_work():
    created = fill({}, CARDS)
    assert ("Demo", "admin", True, True) == (
        created.organization,
        created.admin_username,
        created.admin_password_generated,
        created.key_generated,
    )
    assert authenticate(username="admin", password=created.admin_password).is_superuser
    assert PublishedKey.objects.filter(key_hash=hash_key(created.key)).exists()
    snapshot = decode_snapshot(bytes(Snapshot.objects.get().payload))
    assert ["Demo"] == [organization.name for organization in snapshot.organizations]
    assert by_id(CARDS) == by_id(snapshot.cards)


def test_the_secrets_can_be_given():
    environ = {"HEADGATE_BOOTSTRAP_ADMIN_PASSWORD": "a long enough one", "HEADGATE_BOOTSTRAP_KEY": "sk-" + "k" * 30}
    created = fill(environ, CARDS)
    assert ("sk-" + "k" * 30, False) == (created.key, created.key_generated)
    assert authenticate(username="admin", password="a long enough one") is not None


def test_a_second_time_changes_nothing_and_returns_no_secret():
    fill({}, CARDS)
    before = [model.objects.count() for model in (Organization, User, VirtualKey, PriceCard, Publication)]
    assert fill({}, CARDS) is None
    assert before == [model.objects.count() for model in (Organization, User, VirtualKey, PriceCard, Publication)]


def test_a_newer_release_of_the_price_data_is_added_and_published():
    fill({}, CARDS)
    newer = (CARDS[0], card(id="openai/gpt-3@always#3", model="gpt-3"))
    assert fill({}, newer) is None
    newest = decode_snapshot(bytes(Snapshot.objects.latest("revision").payload))
    assert by_id(newer) == by_id(newest.cards)


def test_the_environment_s_budgets_are_there_from_the_first_start_and_follow_it():
    def budgets() -> dict[str, int]:
        snapshot = decode_snapshot(bytes(Snapshot.objects.latest("revision").payload))
        return {budget.name: budget.limit // 10**9 for budget in snapshot.budgets}

    fill({}, CARDS)
    assert {"Monthly spend of everybody": 1000, "Daily spend of each user": 5} == budgets()
    assert 1 == Snapshot.objects.count()
    fill({"AI_MONTHLY_SPEND_LIMIT_USD": "50", "AI_USER_DAILY_SPEND_LIMIT_USD": "none"}, CARDS)
    assert {"Monthly spend of everybody": 50} == budgets()


def test_costs_that_are_not_tracked_and_a_budget_do_not_start():
    with pytest.raises(SettingsError, match="AI_COST_TRACKING_ENABLED is false"):
        fill({"AI_COST_TRACKING_ENABLED": "false"}, CARDS)
    assert (0, 0) == (Organization.objects.count(), PriceCard.objects.count())


@pytest.mark.parametrize(
    ("error", "environ"),
    [
        (SettingsError, {"AI_USER_DAILY_SPEND_LIMIT_USD": "-5"}),
        (ValueError, {"HEADGATE_BOOTSTRAP_KEY": "short"}),
        (ValidationError, {"HEADGATE_BOOTSTRAP_ADMIN_PASSWORD": "12345"}),
    ],
)
def test_a_bad_secret_leaves_the_database_empty(error: type[Exception], environ: dict[str, str]):
    with pytest.raises(error):
        fill(environ, CARDS)
    assert (0, 0) == (Organization.objects.count(), PriceCard.objects.count())


def test_an_installation_that_someone_filled_by_hand_is_left_alone(acme: Organization):
    assert fill({}, CARDS) is None
    assert [acme] == list(Organization.objects.all())
    assert 1 == Snapshot.objects.count()
