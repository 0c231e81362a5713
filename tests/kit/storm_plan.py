"""What a storm asks for, and the budgets that it meets: decided by a seed alone.

Budgets lie across each other: a request falls under those of its key, its user, its team and its project at once, and
each of the forty-nine can also be reached alone. A second organization has one budget for all of it.
"""

import json
import random
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Any

from headgate.simulator.prices import Counts, charge

COUNTS = {"user": 16, "team": 12, "project": 11, "key": 10}
"""Budgets of the first organization by their scope; the second organization's makes fifty."""
FREE_KEY = "key-free"
"""Of the first organization, without a budget of its own."""
OTHER_KEY = "key-other"
"""Of the second organization."""
WORDS = "the quick brown fox jumps over a lazy dog while nobody pays for what it says "
REJECTIONS = (429, 500, 529)


def plain_key(name: str) -> str:
    """The secret of a key of the plan."""
    return f"sk-hg-storm-{name}-0123456789abcdef"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One request."""

    key: str
    whom: dict[str, str]
    """Attribution by `x-headgate-` header; without the key."""
    model: str
    prompt: str
    max_tokens: int
    stream: bool = False
    anthropic: bool = False
    knobs: dict[str, Any] = field(default_factory=dict)
    hang_up_after: int | None = None
    """Bytes of the answer after which the client is gone; None: it reads to the end."""

    @property
    def subjects(self) -> list[str]:
        """Names of the budgets that it falls under."""
        if self.key == OTHER_KEY:
            return ["organization-other"]
        return [*self.whom.values(), *([] if self.key == FREE_KEY else [self.key])]

    @property
    def injected(self) -> int | None:
        """The status that the simulator refuses it with."""
        return self.knobs.get("error", {}).get("status")

    @property
    def breaks(self) -> bool:
        """Whether its answer does not come whole."""
        return "break_after" in self.knobs

    def request(self) -> bytes:
        """The bytes on the wire; the connection is for this request alone."""
        body: dict[str, Any] = {
            "model": f"sim/{self.model}",
            "messages": [{"role": "user", "content": self.prompt}],
            "max_tokens": self.max_tokens,
            "stream": self.stream,
            "simulate": self.knobs,
        }
        content = json.dumps(body).encode()
        door = "/v1/messages" if self.anthropic else "/v1/chat/completions"
        whom = "".join(f"x-headgate-{scope}: {name}\r\n" for scope, name in self.whom.items())
        head = (
            f"POST {door} HTTP/1.1\r\nhost: storm\r\nauthorization: Bearer {plain_key(self.key)}\r\n{whom}"
            f"content-type: application/json\r\ncontent-length: {len(content)}\r\nconnection: close\r\n\r\n"
        )
        return head.encode() + content

    def expected(self, unit: str) -> int:
        """About what it will cost, in a budget's unit; only the limits of the budgets are made from this."""
        if unit == "requests":
            return 1
        unbilled = self.injected is not None
        prompt = len(self.prompt) // 4 + 8
        unknown = self.breaks or self.knobs.get("no_usage")
        output = self.max_tokens if unknown else self.knobs.get("output_tokens", 0)
        if unit == "tokens":
            return 0 if unbilled else prompt + output
        return 0 if unbilled else charge(self.model, Counts(input=prompt, output=output))


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetPlan:
    """One hard budget without an end."""

    name: str
    """Its subject's too: `user-3`."""
    scope: str
    unit: str
    limit: int
    """In the unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A whole storm."""

    seed: int
    shots: list[Shot]
    budgets: list[BudgetPlan]


def make_plan(seed: int, requests: int, *, affordable: float = 0.5) -> Plan:
    """Draw the requests, and budgets that can afford about that share of them."""
    chance = random.Random(seed)
    units = _units(chance)
    shots = [_shot(chance, units) for _ in range(requests)]
    demand: dict[str, int] = defaultdict(int)
    for shot in shots:
        for name in shot.subjects:
            demand[name] += shot.expected(units[name])
    shares = {name: chance.uniform(0.35, 1.0) for name in units}
    # Some are so small that a few holds fill them.
    for name in chance.sample(sorted(name for name in units if units[name] == "money" and "user" in name), 3):
        shares[name] = 0.02
    low, high = 0.05, 4.0
    for _ in range(20):
        scale = (low + high) / 2
        limits = {name: max(int(demand[name] * shares[name] * scale), 1) for name in units}
        low, high = (scale, high) if _admitted(shots, units, limits) < affordable * requests else (low, scale)
    budgets = [
        BudgetPlan(name=name, scope=name.partition("-")[0], unit=units[name], limit=limits[name]) for name in units
    ]
    return Plan(seed=seed, shots=shots, budgets=budgets)


def alone(budget: BudgetPlan, model: str, *, prompt: int, max_tokens: int) -> Shot:
    """A request that falls under this budget and no other, and costs about what is held for it."""
    key = {"key": budget.name, "organization": OTHER_KEY}.get(budget.scope, FREE_KEY)
    whom = {budget.scope: budget.name} if budget.scope in {"user", "team", "project"} else {}
    text = (WORDS * 20)[:prompt]
    knobs = {"output_tokens": max_tokens, "tokens_per_chunk": 50}
    return Shot(key=key, whom=whom, model=model, prompt=text, max_tokens=max_tokens, knobs=knobs)


def _units(chance: random.Random) -> dict[str, str]:
    names = [f"{scope}-{index}" for scope, count in COUNTS.items() for index in range(count)]
    units = dict.fromkeys([*names, "organization-other"], "money")
    counted = chance.sample(names, 8)
    units.update(dict.fromkeys(counted[:4], "tokens"))
    units.update(dict.fromkeys(counted[4:], "requests"))
    return units


def _shot(chance: random.Random, units: dict[str, str]) -> Shot:
    if chance.random() < 0.06:
        key, whom = OTHER_KEY, {}
    else:
        key = f"key-{chance.randrange(COUNTS['key'])}"
        present = {"user": 0.9, "team": 0.7, "project": 0.6}
        whom = {
            scope: f"{scope}-{chance.randrange(COUNTS[scope])}"
            for scope, share in present.items()
            if chance.random() < share
        }
    limit = chance.choice([16, 40, 100, 250])
    prompt = (WORDS * 30)[chance.randrange(20) :][: chance.choice([12, 60, 300, 1500])]
    shot = Shot(
        key=key,
        whom=whom,
        model=chance.choices(["small", "large", "reasoner", "echo"], [4, 2, 1, 3])[0],
        prompt=f"{chance.randrange(10**6)} {prompt}",
        max_tokens=limit,
        stream=chance.random() < 0.5,
        anthropic=chance.random() < 0.2,
        knobs={
            "latency_ms": chance.randrange(150),
            "output_tokens": max(1, int(limit * chance.choice([0.02, 0.1, 0.3, 0.7, 1]))),
            "tokens_per_chunk": 8,
            "tokens_per_second": chance.choice([200, 400, 2000]),
        },
        hang_up_after=chance.choice([0, 1, 400, 2000]) if chance.random() < 0.08 else None,
    )
    counts_tokens = any(units[name] == "tokens" for name in shot.subjects)
    return replace(shot, knobs={**shot.knobs, **_fault(chance, stream=shot.stream, counts_tokens=counts_tokens)})


def _fault(chance: random.Random, *, stream: bool, counts_tokens: bool) -> dict[str, Any]:
    kind = chance.random()
    if kind < 0.06:
        return {"error": {"status": chance.choice(REJECTIONS)}}
    # How many tokens an estimate counted is in the window alone, so those windows could not be recomputed from events.
    if counts_tokens or kind > 0.10:
        return {}
    return {"no_usage": True} if stream and kind < 0.08 else {"break_after": chance.randrange(1, 5)}


def _admitted(shots: list[Shot], units: dict[str, str], limits: dict[str, int]) -> int:
    """How many would be served, one after the other, by somebody who knows their cost."""
    room = dict(limits)
    admitted = 0
    for shot in shots:
        costs = {name: shot.expected(units[name]) for name in shot.subjects}
        if all(cost <= room[name] for name, cost in costs.items()):
            admitted += 1
            for name, cost in costs.items():
                room[name] -= cost
    return admitted
