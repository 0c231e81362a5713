import pytest

from headgate.control.api.callers import caller_of_key, caller_of_person
from headgate.control.budgets.operations import create_budget
from headgate.control.keys.operations import create_key
from headgate.control.organizations.models import Role
from headgate.control.rollups.queries import Seen
from headgate.domain.errors import BadRequest, Forbidden, NotFound
from tests.unit.control.api.people import make_person, with_permission

pytestmark = pytest.mark.django_db


def test_an_admin_who_is_called_like_a_user_sees_himself_and_when_he_names_him_that_user(acme):
    boss = caller_of_person(make_person("u1", member_of=acme, role=Role.OWNER, is_staff=True))
    own = Seen(frozenset({acme.pk}), "u1")
    assert (own, own) == (boss.user_in(None, None), boss.user_in("u1", None))
    assert Seen(frozenset({acme.pk})) == boss.widest


def test_an_organization_is_named_by_its_id_or_its_name(acme, other, superuser):
    operator = caller_of_person(superuser)
    assert Seen(frozenset({other.pk})) == operator.all_in("Other") == operator.all_in(other.pk)
    with pytest.raises(NotFound, match="Nowhere"):
        operator.all_in("Nowhere")


def test_a_member_names_nobody_else_and_no_organization_of_others(acme, other):
    member = caller_of_person(make_person("u1", member_of=acme))
    assert Seen(frozenset({acme.pk}), "u1") == member.user_in("u1", "Acme")
    with pytest.raises(Forbidden):
        member.user_in("u2", None)
    with pytest.raises(NotFound):
        member.user_in(None, "Other")


def test_a_key_with_a_default_user_is_that_users_unless_another_is_named(acme):
    key = caller_of_key(create_key(acme, "k", defaults={"user": "u1"}).key)
    assert (Seen(frozenset({acme.pk}), "u1"), Seen(frozenset({acme.pk}), "u2")) == (
        key.user_in(None, None),
        key.user_in("u2", None),
    )


def test_a_key_that_is_locked_to_nobody_sees_nobody(acme):
    key = caller_of_key(create_key(acme, "k", locked=["user"]).key)
    with pytest.raises(BadRequest):
        key.user_in(None, None)
    with pytest.raises(BadRequest):
        _ = key.widest
    with pytest.raises(Forbidden):
        key.user_in("u1", None)


def test_who_may_reset_which_budgets(acme, other, superuser):
    fields = {"scope": "user", "period": "day", "limit": 1}
    shared = create_budget(name="shared", **fields)
    mine, others = (create_budget(name="own", organization=owner, **fields) for owner in (acme, other))
    budgets = (shared, mine, others)
    admin = caller_of_person(make_person("boss", member_of=acme, role=Role.ADMIN, is_staff=True))
    member = caller_of_person(make_person("u1", member_of=acme))
    key = caller_of_key(create_key(acme, "k").key)
    resetter = caller_of_person(with_permission("resetter", "reset_user_spend"))
    expected = {admin: [False, True, False], member: [False] * 3, key: [False] * 3, resetter: [True] * 3}
    assert list(expected.values()) == [[caller.may_reset(budget) for budget in budgets] for caller in expected]
    with pytest.raises(Forbidden):
        key.resettable("u1", None)
    assert Seen(frozenset({acme.pk}), "u1") == admin.resettable("u1", None)


def test_who_may_reset_sees_nothing_by_that(acme):
    resetter = caller_of_person(with_permission("resetter", "reset_user_spend"))
    with pytest.raises(Forbidden):
        _ = resetter.wide
    with pytest.raises(Forbidden):
        resetter.require_operator()
