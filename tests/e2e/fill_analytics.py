"""Fill a control plane with what the dashboards are about: users near their limits, a costly provider, errors, traces."""

import datetime as dt
import time

import fill
import msgspec

from headgate.domain.ids import OwnerId
from headgate.domain.money import NanoUsd
from headgate.domain.outcome import Outcome
from headgate.domain.principal import Attribution
from headgate.ledger.postings import OwnerPosting, cost_event, request_log

PASSWORD = "a-password-for-the-browser"
PROJECT = "https://smith.example/o/1/projects/p/2"
USERS = {"near-desktop": 4_500, "near-phone": 4_500, "over": 5_000, "calm": 1_200}
"""What each spent today, in thousandths of a dollar, of 5 dollars."""
NEWCOMERS = ("newcomer-desktop", "newcomer-phone")
OWNER = OwnerId("1" * 32)


def fill_more() -> None:
    fill.fill()
    from headgate.control.budgets.operations import create_budget
    from headgate.control.keys.models import VirtualKey
    from headgate.control.ledger.freshness import note_ingest
    from headgate.control.ledger.operations import post, register_owner
    from headgate.control.organizations.models import Membership, User
    from headgate.control.sinks.operations import note

    key = VirtualKey.objects.get()
    now = time.time()
    register_owner(OWNER, "node", "boot")
    events, logs = [], []
    for number, (user, thousandths) in enumerate(USERS.items()):
        left = msgspec.structs.replace(
            fill.make_sent(100 + number, key, now - 1 - number),
            attribution=Attribution(user=user),
            provider="anthropic",
            original_model="claude-opus",
        )
        settled, logged = fill.make_end(left, Outcome.OK)
        cost = NanoUsd(thousandths * 1_000_000)
        events.append(cost_event(left, msgspec.structs.replace(settled, cost=cost)))
        logs.append(request_log(msgspec.structs.replace(logged, cost=cost, latency_ms=6_200.0)))
        person = User.objects.create_user(user, f"{user}@example.com", PASSWORD)
        Membership.objects.create(user=person, organization=key.organization)
    for name in NEWCOMERS:
        User.objects.create_user(name, f"{name}@example.com", PASSWORD)
    rows = {"events": tuple(each for each in events if each is not None), "logs": tuple(logs)}
    post(OwnerPosting(owner_id=OWNER, posted_from=0, posted_to=1, low_watermark=1, **rows))
    for period, limit in (("day", 5), ("month", 100)):
        create_budget(
            name=f"A user's {period}", scope="user", period=period, limit=limit, organization=key.organization
        )
    at = dt.datetime.fromtimestamp(now, dt.UTC)
    note("langsmith", at, None, PROJECT)
    note_ingest("node", at, caught_up=True, parked=0)


if __name__ == "__main__":
    fill_more()
