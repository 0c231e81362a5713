"""`python -m bench.draws`: how often workers go to the lease store, by how many holds a window is worth.

A hundred clients ask for the same thing until their window refuses; the upstream takes a tenth of a second. Counted are
the operations of all owners in the store, idle returns included. A cold user is one whom nobody has drawn for.
"""

import argparse
import json
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from bench.bodies import chat
from bench.gateway import KEY, Gateway
from bench.measuring import RESULTS, Test, fire, write
from bench.processes import Running, start_upstream

WORTH = (33, 60, 100, 400, 800, 3_000)
RATIOS = (10, 50)
PLENTY_USD = "100000"
COST_USD = Decimal("0.0000684")
"""Of the answer that the upstream gives: 212 tokens in at 0.15 and 61 out at 0.60 USD per million."""
CLIENTS = 100
_AUTHORIZED = (f"authorization: Bearer {KEY}",)


class Draws(msgspec.Struct, frozen=True):
    """What one window saw."""

    worth: int | None
    """Holds that it has room for at once; None: another window for each request."""
    ratio: float
    """Hold over cost."""
    admitted: int
    operations: int
    """Draws and returns."""
    spent: float | None
    """Share of the limit, when it refused; None: it did not come to that."""
    p99_ms: float

    @property
    def per_request(self) -> float:
        """Draws and returns per admitted request."""
        return self.operations / self.admitted if self.admitted else 0.0


def body_for(gateway: Gateway, ratio: int) -> bytes:
    """A request whose hold is so many times its cost; holds grow evenly with `max_tokens`."""
    low, high = 1_000, 2_000
    at_low, at_high = (gateway.hold(chat(1_000, slow=True, max_tokens=each)) for each in (low, high))
    wanted = low + (COST_USD * ratio - at_low) / ((at_high - at_low) / (high - low))
    return chat(1_000, slow=True, max_tokens=int(wanted))


def one_window(gateway: Gateway, worth: int, body: bytes, ratio: int, seconds: float) -> Draws:
    """Spend one window to its end, or as far as the time goes."""
    team = f"team-{worth}-{ratio}"
    hold = gateway.hold(body)
    budget = {"name": team, "scope": "team", "subject": team, "period": "total", "limit": str(hold * worth)}
    gateway.fill("budgets", budgets=[budget])
    before = gateway.operations()
    load = Test(team, body, CLIENTS, seconds, headers=(f"x-headgate-team: {team}",), until_refused=True)
    seen = fire(gateway, load, _AUTHORIZED)
    gateway.wait_for_quiet()
    spent, limit = gateway.rows("SELECT spent, limit_amount FROM headgate_window WHERE subject = ?", team)[0]
    return Draws(
        worth=worth,
        ratio=float(hold / (Decimal(spent) / 10**9 / seen["ok"])),
        admitted=seen["ok"],
        operations=gateway.operations() - before,
        spent=spent / limit if seen["refused"] >= CLIENTS else None,
        p99_ms=seen["p99_ms"],
    )


def cold_users(gateway: Gateway, body: bytes, ratio: int, seconds: float) -> Draws:
    """Each request for somebody else."""
    budget = {"name": "each user", "scope": "user", "period": "day", "limit": PLENTY_USD}
    gateway.fill("budgets", budgets=[budget])
    before = gateway.operations()
    headers = (f"x-headgate-user: cold-{ratio}-{{n}}",)
    seen = fire(gateway, Test("cold", body, CLIENTS, seconds, headers=headers, subjects=10**9), _AUTHORIZED)
    gateway.wait_for_quiet()
    operations = gateway.operations() - before
    return Draws(None, float(gateway.hold(body) / COST_USD), seen["ok"], operations, None, seen["p99_ms"])


def run(upstream: Running, workers: int, seconds: float, worth: list[int]) -> list[Draws]:
    """All windows on one gateway, one after the other."""
    found: list[Draws] = []
    with tempfile.TemporaryDirectory() as name:
        gateway = Gateway(upstream.url, Path(name) / "data", workers=workers)
        try:
            for ratio in RATIOS:
                body = body_for(gateway, ratio)
                for each in worth:
                    found.append(one_window(gateway, each, body, ratio, seconds))
                    show(found[-1])
            found.append(cold_users(gateway, body_for(gateway, RATIOS[0]), RATIOS[0], min(seconds, 5)))
            show(found[-1])
        finally:
            gateway.stop()
    return found


def show(draws: Draws) -> None:
    """One line."""
    window = f"{draws.worth:,} holds" if draws.worth is not None else "cold users"
    spent = f"{draws.spent:.1%}" if draws.spent is not None else "-"
    print(
        f"{window:>12}  hold/cost {draws.ratio:5.1f}  {draws.operations:6} in {draws.admitted:7,} admitted: "
        f"{draws.per_request:7.2%}  spent {spent:>6}  p99 {draws.p99_ms:7.1f} ms",
        flush=True,
    )


def main() -> int:
    """Read the options, run, print, write."""
    parser = argparse.ArgumentParser(prog="python -m bench.draws", description=__doc__)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=25, help="at most, per window")
    parser.add_argument("--worth", type=json.loads, default=list(WORTH), help="a JSON list of holds")
    args = parser.parse_args()
    upstream = start_upstream()
    try:
        found = run(upstream, args.workers, args.seconds, args.worth)
    finally:
        upstream.stop()
    rows: list[dict[str, Any]] = [
        msgspec.structs.asdict(each) | {"operations_per_admitted": each.per_request} for each in found
    ]
    write(RESULTS / "draws.json", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
