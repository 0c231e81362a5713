from headgate.domain.budget import LeaseClass, Scope
from headgate.ledger.windows import WindowState, window_id, window_subject

ORGANIZATION = "0" * 32


def test_a_window_is_named_by_budget_epoch_label_and_subject():
    assert "b.0.2026-11-20" == window_id("b", 0, "2026-11-20", None)
    assert "b.3.total.anna" == window_id("b", 3, "total", "anna")


def named(scope: Scope, *, owned: bool, subject: bool = False, value: str = "anna") -> str | None:
    return window_subject(scope, owned=owned, named=subject, organization_id=ORGANIZATION, value=value)


def test_a_budget_with_one_window_for_all_of_it_names_no_subject():
    assert named(Scope.SYSTEM, owned=False) is None
    assert named(Scope.ORGANIZATION, owned=True) is None
    assert named(Scope.USER, owned=True, subject=True) is None


def test_a_budget_of_an_organization_names_the_subject_by_its_external_id():
    assert "anna" == named(Scope.USER, owned=True)


def test_a_shared_budget_keeps_the_same_names_of_different_organizations_apart():
    assert f"{ORGANIZATION}/anna" == named(Scope.USER, owned=False)
    assert ORGANIZATION == named(Scope.ORGANIZATION, owned=False, value="unused")


def test_normal_leases_stop_at_the_limit_and_critical_ones_at_the_hard_limit():
    state = WindowState(limit=100, hard=200, spent=0, leased=0, scarce=False, recall_gen=0)
    assert (100, 200) == (state.cap(LeaseClass.NORMAL), state.cap(LeaseClass.CRITICAL))
