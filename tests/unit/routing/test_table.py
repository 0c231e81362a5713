from headgate.domain.ids import DeploymentId
from headgate.providers.table import PROVIDERS
from headgate.routing.table import REMEMBERED, RouteTable
from headgate.snapshot.contract import Strategy
from tests.kit.routes import ACME, OTHER, route, rule


def ids(table: RouteTable, model: str, *, organization: str = ACME, shared: bool = True) -> list[str]:
    return [target.deployment_id for target in table.targets(model, organization_id=organization, shared=shared)]


def test_a_name_that_nobody_has_leads_nowhere():
    assert [] == ids(RouteTable([route("fast", "d")]), "slow")
    assert [] == ids(RouteTable([]), "fast")


def test_an_alias_sends_the_model_behind_it_and_a_plain_name_itself():
    table = RouteTable([route("fast", "d", model="gpt-4o"), route("gpt-4.1", "e")])
    (alias,) = table.targets("fast", organization_id=ACME, shared=True)
    (plain,) = table.targets("gpt-4.1", organization_id=ACME, shared=True)
    assert ("gpt-4o", "gpt-4.1") == (alias.model, plain.model)


def test_deployments_of_one_name_come_by_priority_whatever_their_order():
    routes = [route("fast", "low"), route("fast", "high", priority=9), route("fast", "middle", priority=3)]
    assert ["high", "middle", "low"] == ids(RouteTable(routes), "fast") == ids(RouteTable(routes[::-1]), "fast")


def test_an_organizations_own_come_before_shared_ones_whatever_their_priority():
    table = RouteTable([route("fast", "shared", priority=9), route("fast", "own", organization=ACME)])
    assert ["own", "shared"] == ids(table, "fast")


def test_another_organizations_deployments_are_not_seen():
    table = RouteTable([route("fast", "theirs", organization=OTHER), route("*", "open", organization=OTHER)])
    assert [] == ids(table, "fast")
    assert [] == ids(table, "openai/gpt-4o")
    assert [] == ids(table, "gpt-4o")
    assert [] == table.visible(organization_id=ACME, shared=True)


def test_an_organization_may_do_without_shared_deployments():
    table = RouteTable([route("fast", "shared"), route("*", "open"), route("fast", "own", organization=ACME)])
    assert ["own"] == ids(table, "fast", shared=False)
    assert [] == ids(table, "gpt-4o", shared=False)
    assert ["own"] == [found.deployment.id for found in table.visible(organization_id=ACME, shared=False)]


def test_an_open_deployment_serves_its_operators_models_with_and_without_the_prefix():
    table = RouteTable([route("*", "open")])
    (prefixed,) = table.targets("openai/gpt-4o", organization_id=ACME, shared=True)
    (bare,) = table.targets("gpt-4o", organization_id=ACME, shared=True)
    assert ("gpt-4o", "gpt-4o") == (prefixed.model, bare.model)
    assert [] == ids(table, "claude-sonnet-4-5")
    assert [] == ids(table, "openai/")


def test_an_exact_name_comes_before_a_prefix_and_hides_it():
    table = RouteTable([route("*", "open"), route("openai/gpt-4o", "exact"), route("gpt-4o", "bare")])
    assert ["exact"] == ids(table, "openai/gpt-4o")
    assert ["bare"] == ids(table, "gpt-4o")


def test_a_model_whose_own_name_has_a_slash_reaches_its_operator():
    table = RouteTable([route("*", "router", provider="openrouter")])
    (target,) = table.targets("openrouter/openai/gpt-4o", organization_id=ACME, shared=True)
    assert "openai/gpt-4o" == target.model


def test_the_longest_prefix_claims_a_bare_name_first():
    claimed = [(prefix, name) for name, provider in PROVIDERS.items() for prefix in provider.model_prefixes if prefix]
    assert ("gpt-", "openai") in claimed
    table = RouteTable([route("*", name, provider=name) for name in PROVIDERS])
    for prefix, name in claimed:
        longest = max(len(other) for other, _ in claimed if f"{prefix}x".startswith(other))
        if longest == len(prefix):
            assert name in ids(table, f"{prefix}x")[: sum(other == prefix for other, _ in claimed)]


def test_a_deployment_brings_its_own_time_limit():
    (target,) = RouteTable([route("fast", "d", timeout_ms=5_000)]).targets("fast", organization_id=ACME, shared=True)
    assert (5_000, None) == (target.timeout_ms, target.arm)


def test_a_route_goes_before_deployments_of_its_name_and_its_arms_lead_to_them():
    table = RouteTable(
        [route("fast", "plain", organization=ACME), route("slow", "other")],
        [rule("fast", "slow", "fast")],
    )
    assert ["other", "plain"] == ids(table, "fast")
    assert ["slow", "fast"] == [target.arm for target in table.targets("fast", organization_id=ACME, shared=True)]


def test_an_organizations_own_route_goes_before_a_shared_one():
    shared, own = rule("fast", "a"), rule("fast", "b", organization=ACME)
    for rules in ([shared, own], [own, shared]):
        table = RouteTable([route("a", "a"), route("b", "b")], rules)
        assert ["b"] == ids(table, "fast")
        assert ["a"] == ids(table, "fast", organization=OTHER)
        assert [own] == table.visible_rules(organization_id=ACME, shared=True)
        assert [shared] == table.visible_rules(organization_id=OTHER, shared=True)


def test_an_organization_without_shared_deployments_has_no_shared_routes():
    table = RouteTable([route("a", "a", organization=ACME)], [rule("fast", "a")])
    assert ["a"] == ids(table, "fast")
    assert [] == ids(table, "fast", shared=False)
    assert [] == table.visible_rules(organization_id=ACME, shared=False)


def test_an_arm_never_leads_through_another_route():
    table = RouteTable([route("a", "a")], [rule("fast", "faster"), rule("faster", "a")])
    assert [] == ids(table, "fast")
    assert ["a"] == ids(table, "faster")


def test_an_arm_that_leads_nowhere_is_left_out():
    table = RouteTable([route("a", "a")], [rule("fast", "gone", "a", strategy=Strategy.SPLIT)])
    assert ["a"] == ids(table, "fast")


def test_two_claims_of_one_deployment_are_one_target():
    table = RouteTable([route("*", "open", provider="alibaba")])
    assert ["qwen-", "qwen3"] == sorted(PROVIDERS["alibaba"].model_prefixes)
    both = RouteTable([route("*", "open")], [rule("fast", "gpt-4o", "openai/gpt-4o")])
    assert ["open"] == ids(table, "qwen3-max") == ids(both, "fast")


def test_what_a_name_stands_for_is_remembered_but_not_without_end():
    table = RouteTable([route("*", "open")])
    first = table.find("gpt-4o", organization_id=ACME, shared=True)
    assert first is table.find("gpt-4o", organization_id=ACME, shared=True)
    for number in range(REMEMBERED):
        table.find(f"gpt-{number}", organization_id=ACME, shared=True)
    assert first is not table.find("gpt-4o", organization_id=ACME, shared=True)


def test_a_deployment_is_found_by_its_id_where_its_organization_may_use_it():
    table = RouteTable([route("fast", "d", model="gpt-4o"), route("slow", "e"), route("own", "o", organization=ACME)])

    def found(id_: str, organization: str = ACME, *, shared: bool = True):
        return table.deployment(DeploymentId(id_), organization_id=organization, shared=shared)

    assert [("d", "gpt-4o"), ("e", "slow"), ("o", "own")] == [
        (target.deployment_id, target.model) for target in map(found, "deo") if target is not None
    ]
    assert [None, None, None] == [found("d", shared=False), found("o", OTHER), found("f")]
