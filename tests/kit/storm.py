"""A storm over a running gateway, and what must be true of the books when it is over."""

import asyncio
import json
import re
from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any, NamedTuple

import uvloop

from tests.kit.gateway import GatewayProcess, wait_until
from tests.kit.load import Answer, ask
from tests.kit.storm_plan import COUNTS, FREE_KEY, OTHER_KEY, BudgetPlan, Plan, alone, plain_key

PATIENCE_MS = 300
ASKED_OFTEN_ENOUGH = 60
ROUNDS = 6
"""Which of four workers answers is chance: that one was not among those asked happens once in ten million times."""
_FIGURES = re.compile(
    r"^Budget '(?P<name>[^']+)'.* allows (?P<limit>\S+) \w+ per total: (?P<spent>\S+) \w+ are spent, "
    r"(?P<held>\S+) \w+ held; this request may use (?P<need>\S+) (?P<unit>\w+)\."
)
_SET_UP = """
import json
from headgate.control.budgets.operations import create_budget
from headgate.control.keys.operations import create_key
from headgate.control.organizations.models import Organization
from headgate.control.organizations.operations import create_organization
given = json.loads({given!r})
first, other = Organization.objects.get(), create_organization("Other")
keys = {{}}
for name, plain in given["keys"].items():
    organization = other if name == given["other_key"] else first
    keys[name] = create_key(organization, name, plain=plain).key.pk
for budget in given["budgets"]:
    fields = {{"organization": first, "subject": budget["name"]}}
    if budget["scope"] == "organization":
        fields = {{"organization": other}}
    elif budget["scope"] == "key":
        fields["subject"] = keys[budget["name"]]
    create_budget(
        name=budget["name"], scope=budget["scope"], unit=budget["unit"], limit=budget["limit"], period="total", **fields
    )
"""


class Figures(NamedTuple):
    """What a refusal says, in the budget's unit."""

    name: str
    limit: int
    spent: int
    held: int
    need: int

    @property
    def is_hopeless(self) -> bool:
        """Whether no return of what others hold could have helped."""
        return self.need > self.limit - self.spent


def figures(message: str) -> Figures:
    """Read a refusal."""
    found = _FIGURES.match(message)
    assert found is not None, message
    factor = 10**9 if found["unit"] == "USD" else 1
    amounts = [int(Decimal(found[name]) * factor) for name in ("limit", "spent", "held", "need")]
    return Figures(found["name"], *amounts)


def set_up(gateway: GatewayProcess, plan: Plan) -> None:
    """Create the keys and budgets of a plan, and wait until they are in force in every worker."""
    keys = [f"key-{index}" for index in range(COUNTS["key"])] + [FREE_KEY, OTHER_KEY]
    budgets = [
        {
            "name": budget.name,
            "scope": budget.scope,
            "unit": budget.unit,
            "limit": str(Decimal(budget.limit) / (10**9 if budget.unit == "money" else 1)),
        }
        for budget in plan.budgets
    ]
    given = {"keys": {name: plain_key(name) for name in keys}, "other_key": OTHER_KEY, "budgets": budgets}
    gateway.control(_SET_UP.format(given=json.dumps(given)))
    revision = gateway.revision()
    for _ in range(ASKED_OFTEN_ENOUGH):
        gateway.wait_for_revision(revision)


# ------------------------------------------------------------ when it is quiet


def wait_for_quiet(gateway: GatewayProcess) -> None:
    """Wait until nothing is held, unposted or idle: every lease went back by itself."""
    statement = "SELECT COUNT(*) AS n FROM headgate_window WHERE leased > 0"
    wait_until(lambda: gateway.rows(statement)[0]["n"] == 0, within_s=60, what="every lease to go back")


def windows(gateway: GatewayProcess, plan: Plan) -> dict[str, dict[str, Any]]:
    """The windows of a plan by the name of their budget."""
    statement = "SELECT b.name, w.* FROM headgate_window w JOIN headgate_budget b ON b.id = w.budget_id"
    names = {budget.name for budget in plan.budgets}
    return {row["name"]: row for row in gateway.rows(statement) if row["name"] in names}


def spent_by_events(gateway: GatewayProcess, budget: BudgetPlan) -> int:
    """What a budget was spent, from the cost events alone."""
    measure = {
        "money": "SUM(amount_nano)",
        "tokens": "SUM(total_tokens)",
        "requests": "SUM(CASE WHEN outcome IN ('ok', 'estimated') THEN 1 ELSE 0 END)",
    }[budget.unit]
    column = {"user": "end_user", "team": "team", "project": "project"}.get(budget.scope)
    if column is None:
        keys = OTHER_KEY if budget.scope == "organization" else budget.name
        condition, value = "key_id = (SELECT id FROM headgate_virtual_key WHERE name = ?)", keys
    else:
        condition, value = f"{column} = ?", budget.name
    found = gateway.rows(f"SELECT COALESCE({measure}, 0) AS n FROM headgate_cost_event WHERE {condition}", value)
    return int(found[0]["n"])


def operations(gateway: GatewayProcess) -> int:
    """Draws and returns that happened."""
    return int(gateway.rows("SELECT SUM(op_seq) AS n FROM headgate_owner")[0]["n"])


# ------------------------------------------------------------ what the clients saw


def check_answers(answers: list[Answer]) -> Counter[str]:
    """Check every answer against what was asked for; count how they ended."""
    ended: Counter[str] = Counter()
    for answer in answers:
        shot = answer.shot
        if answer.hung_up:
            ended["hung up"] += 1
        elif answer.refused:
            assert figures(answer.error["message"]).name in shot.subjects, answer.body
            assert answer.headers["x-should-retry"] == "false"
            ended["refused"] += 1
        elif shot.injected is not None:
            assert answer.status == shot.injected, (answer.status, answer.body)
            ended["rejected"] += 1
        elif shot.breaks and not answer.whole:
            assert answer.status in {200, 502}, (answer.status, answer.body)
            ended["broken"] += 1
        else:
            assert answer.whole, (shot, answer.status, answer.headers, answer.body)
            ended["served"] += 1
    return ended


def check_refusals(gateway: GatewayProcess) -> dict[str, int]:
    """Check in the request log that nobody was refused early who might have fitted; count who was refused how."""
    rows = gateway.rows(
        "SELECT message, latency_ms FROM headgate_request_log WHERE status = 429 AND error = 'limit_exceeded'"
    )
    counted = {"hopeless": 0, "after waiting": 0}
    phantoms = []
    for row in rows:
        said = figures(row["message"])
        counted["hopeless" if said.is_hopeless else "after waiting"] += 1
        if not said.is_hopeless and row["latency_ms"] < PATIENCE_MS:
            phantoms.append((row["latency_ms"], said))
    assert phantoms == [], f"{len(phantoms)} refused early: {phantoms[:5]}"
    return counted


# ------------------------------------------------------------ to the last drop


class Dry(NamedTuple):
    """A budget that refuses, with nothing else in flight."""

    budget: BudgetPlan
    said: Figures
    admitted: int
    """Requests that it let through before."""


def drain(port: int, budgets: list[BudgetPlan], model: str, *, prompt: int, max_tokens: int) -> dict[str, Dry]:
    """Send the same request to each budget, one after the other, until it refuses; by name."""

    async def one(budget: BudgetPlan) -> Dry:
        shot = alone(budget, model, prompt=prompt, max_tokens=max_tokens)
        admitted = 0
        while not (answer := await ask(port, shot)).refused:
            assert answer.whole, (answer.status, answer.body)
            admitted += 1
        assert answer.headers["x-should-retry"] == "false"
        said = figures(answer.error["message"])
        assert said.name == budget.name
        return Dry(budget, said, admitted)

    async def every() -> list[Dry]:
        return await asyncio.gather(*(one(budget) for budget in budgets))

    return {dry.budget.name: dry for dry in uvloop.run(every())}


def drain_to_the_last(
    gateway: GatewayProcess, budgets: list[BudgetPlan], model: str, *, prompt: int, max_tokens: int
) -> dict[str, Dry]:
    """Send the same request to each budget until all refuse it although nothing is in flight and no lease is idle.

    The request before may still be on its way to the books, and what it left on its way back from another worker: on a
    busy machine that takes longer than a request waits. So each round begins when everything has come to rest.
    """
    for _ in range(ROUNDS):
        wait_for_quiet(gateway)
        dry = drain(gateway.port, budgets, model, prompt=prompt, max_tokens=max_tokens)
        if not any(each.admitted for each in dry.values()):
            return dry
    raise AssertionError(f"after {ROUNDS} rounds there is still something left")


def utilisation(spent: dict[str, int], dry: dict[str, Dry]) -> dict[str, list[float]]:
    """Share of each exhausted budget that was really spent, by how many refined holds it is worth."""
    shares: dict[str, list[float]] = defaultdict(list)
    for name, (budget, said, _) in dry.items():
        worth = budget.limit // said.need
        share = spent[name] / budget.limit
        kind = "33 holds or more" if worth >= 33 else "10 holds or more" if worth >= 10 else "less"
        shares[kind].append(share)
    return dict(shares)
