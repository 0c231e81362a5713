"""Fills a database with requests, their cost events and their roll-ups: `python -m bench.events --requests 1000000`.

The database is that of `DATABASE_URL`, or SQLite in `HEADGATE_DATA_DIR`; it is made where there is none, and filled up
to so many requests. Rows go past the ledger, by COPY or in bulk, and roll-ups are summed up by the code that ingest
uses: `headgate verify` agrees. Users have a window of every day, as they would have after a quarter of a year.
"""

import argparse
import datetime as dt
import math
import os
import random
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from django.db import transaction

from headgate.control.setup import bootstrap, migrate
from headgate.ledger.rollups import EVENT_COLUMNS, LOG_COLUMNS, TABLES, RollUp

DAYS = 90
ORGANIZATIONS = 10
USERS = 2_000
DAY_S = 86_400
EVENT = (
    *("event_id", "request_id", "attempt", "occurred_at", "settled_at", "organization_id", "key_id", "end_user"),
    *("team", "project", "app", "client", "agent", "task", "endpoint", "provider", "deployment_id", "original_model"),
    *("request_model", "response_model", "card_id", "stream", "hold_nano", "amount_nano", "estimated", "outcome"),
    *("quantities", "prompt_tokens", "completion_tokens", "total_tokens", "unpriced_units", "status", "error"),
)
LOG = (
    *("request_id", "occurred_at", "organization_id", "key_id", "end_user", "team", "project", "app", "client"),
    *("agent", "task", "endpoint", "original_model", "provider", "response_model", "outcome", "status", "error"),
    *("attempts", "quantities", "prompt_tokens", "completion_tokens", "total_tokens", "cost_nano", "stream"),
    *("latency_ms", "prompt_sha256", "client_gone", "verdicts"),
)
_EVENT_SUMS = [EVENT.index(name) for name in EVENT_COLUMNS[1:]]
_LOG_SUMS = [LOG.index(name) for name in LOG_COLUMNS[1:]]
MODELS = (
    # Name, provider, endpoint, median latency in seconds, nano-USD per prompt and per completion token.
    ("gpt-4o", "openai", "/v1/chat/completions", 1.8, 2_500, 10_000),
    ("gpt-4o-mini", "openai", "/v1/chat/completions", 0.9, 150, 600),
    ("text-embedding-3-small", "openai", "/v1/embeddings", 0.2, 20, 0),
    ("claude-sonnet-4-5", "anthropic", "/v1/messages", 2.4, 3_000, 15_000),
    ("claude-haiku-4-5", "anthropic", "/v1/messages", 1.1, 1_000, 5_000),
    ("gemini-2.5-flash", "google", "/v1/chat/completions", 0.7, 300, 2_500),
)
TASKS = (None, "caption", "hashtags", "ads_copy")
_SHA = "ab" * 32


class Person(NamedTuple):
    """An end user, and what comes with everything that he asks."""

    whom: tuple[str | None, ...]
    """Organization, key, user, team, project, app, client, agent."""
    models: tuple[int, ...]
    task: str | None


def people(organizations: Sequence[str], count: int, chance: random.Random) -> list[Person]:
    """Users of organizations, each at work in one team on two models."""
    made = []
    for number in range(count):
        which = number % len(organizations)
        team = chance.randrange(8)
        key = f"{which:016x}{team % 3:016x}"
        whom = (organizations[which], key, f"user-{number}", f"team-{team}", f"project-{team % 4}", "app", None, None)
        made.append(Person(whom, tuple(chance.sample(range(len(MODELS)), 2)), chance.choice(TASKS)))
    return made


def day_of(
    day: dt.date, count: int, crowd: Sequence[Person], weights: Sequence[float], chance: random.Random, first: int
) -> Iterator[tuple[tuple[Any, ...] | None, tuple[Any, ...], float]]:
    """A day's requests: cost event (None: refused), log row, and when, in epoch seconds."""
    midnight = dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC).timestamp()
    moments = sorted(round(chance.random() * (DAY_S - 2), 3) for _ in range(count))
    for number, (offset, person) in enumerate(
        zip(moments, chance.choices(crowd, cum_weights=weights, k=count), strict=True), first
    ):
        model, provider, endpoint, median, prompt_rate, completion_rate = MODELS[person.models[chance.random() < 0.3]]
        request_id = f"aigw_{int((midnight + offset) * 1000)}_{number:016x}"
        latency_ms = round(median * 1000 * math.exp(chance.gauss(0, 0.7)), 3)
        prompt, completion = int(chance.expovariate(1 / 800)) + 5, int(chance.expovariate(1 / 200)) + 1
        luck = chance.random()
        at, settled = _text(day, offset), _text(day, offset + 1)
        where = (*person.whom, person.task, endpoint)
        if luck < 0.01:
            refused = _log(request_id, at, where, model, None, ("refused", 429, "limit_exceeded"), 0, 2.0)
            yield None, refused, midnight + offset
            continue
        if luck < 0.02:
            ended, amount, usage = ("rejected", 400, "upstream_rejected"), 0, None
        elif luck < 0.025:
            ended, amount, usage = ("estimated", 504, "upstream_timeout"), 4_000 * completion_rate, None
        else:
            ended = ("ok", 200, None)
            amount, usage = prompt * prompt_rate + completion * completion_rate, (prompt, completion)
        yield (
            _event(request_id, (at, settled), where, (model, provider), ended, amount, usage),
            _log(request_id, at, where, model, provider, ended, amount, latency_ms, usage),
            midnight + offset,
        )


def _event(
    request_id: str,
    moments: tuple[str, str],
    where: tuple[Any, ...],
    called: tuple[str, str],
    ended: tuple[str, int, str | None],
    amount: int,
    usage: tuple[int, int] | None,
) -> tuple[Any, ...]:
    outcome, status, error = ended
    model, provider = called
    counted = (None, None, None, None) if usage is None else _usage(usage)
    identity = (f"{request_id}:1", request_id, 1, *moments, *where, provider, f"env:{provider}")
    named = (model, model, model, f"{provider}/{model}@always#1", False, 2 * amount, amount, outcome == "estimated")
    return (*identity, *named, outcome, *counted, "[]", status, error)


def _log(
    request_id: str,
    at: str,
    where: tuple[Any, ...],
    model: str,
    provider: str | None,
    ended: tuple[str, int, str | None],
    amount: int,
    latency_ms: float,
    usage: tuple[int, int] | None = None,
) -> tuple[Any, ...]:
    outcome, status, error = ended
    counted = (None, None, None, None) if usage is None else _usage(usage)
    sent = provider is not None
    cost = amount if sent else None
    named = (model, provider, model if sent else None, outcome, status, error, int(sent))
    return (request_id, at, *where, *named, *counted, cost, False, latency_ms, _SHA, False, "[]")


def _usage(usage: tuple[int, int]) -> tuple[str, int, int, int]:
    prompt, completion = usage
    return f'{{"input":{prompt},"output":{completion}}}', prompt, completion, prompt + completion


def _text(day: dt.date, offset: float) -> str:
    second, fraction = divmod(round(offset * 1_000_000), 1_000_000)
    minute, second = divmod(second, 60)
    return f"{day} {minute // 60:02}:{minute % 60:02}:{second:02}.{fraction:06}"


class Database:
    """Takes rows in bulk."""

    def __init__(self) -> None:
        from django.db import connection

        connection.ensure_connection()
        self.sqlite = connection.vendor == "sqlite"
        self.raw: Any = connection.connection
        if self.sqlite:
            self.raw.execute("PRAGMA synchronous=OFF")
        else:
            self.raw.execute("SET synchronous_commit = off")

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Insert rows whose moments are texts in UTC."""
        if self.sqlite:
            places = ", ".join("?" * len(columns))
            self.raw.execute("BEGIN")
            self.raw.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)
            self.raw.execute("COMMIT")
            return
        with self.raw.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
            lines: list[str] = []
            for row in rows:
                lines.append("\t".join(["\\N" if value is None else str(value) for value in row]))
                if len(lines) == 2_000:
                    copy.write("\n".join(lines) + "\n")
                    lines.clear()
            copy.write("".join(line + "\n" for line in lines))


def fill(requests: int, *, days: int, organizations: int, users: int, now: dt.datetime) -> None:
    """Add as many requests up to now as are missing."""
    from headgate.control.organizations.models import Organization
    from headgate.control.partitions import make_room
    from headgate.control.requestlog.models import RequestLog

    there = RequestLog.objects.count()
    named = [Organization.objects.get_or_create(name=f"Organization {number}")[0] for number in range(organizations)]
    crowd = people([str(each.pk) for each in named], users, random.Random(2026))
    # Some ask a hundred times as often as others.
    weights = list(accumulate(1 / (1 + number / 50) for number in range(users)))
    chance, database, first, begin = random.Random(2026 + there), Database(), there, time.monotonic()
    count = max(0, requests - there) // days
    for back in reversed(range(days if count else 0)):
        day = (now - dt.timedelta(days=back)).date()
        midnight = dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)
        make_room([midnight.timestamp()])
        rows = list(day_of(day, count, crowd, weights, chance, first))
        if not back:
            rows = [row for row in rows if row[2] < now.timestamp()]
        first += count
        events = [event for event, _, _ in rows if event is not None]
        database.insert("headgate_cost_event", EVENT, events)
        database.insert("headgate_request_log", LOG, [log for _, log, _ in rows])
        summed = RollUp()
        summed.add_events((at, *(event[index] for index in _EVENT_SUMS)) for event, _, at in rows if event is not None)
        summed.add_logs((at, *(log[index] for index in _LOG_SUMS)) for _, log, at in rows)
        write(database, summed, fresh=not there)
        done = time.monotonic() - begin
        print(f"{day}: {first:,} requests, {(first - there) / done:,.0f} a second", file=sys.stderr, flush=True)


def write(database: Database, summed: RollUp, *, fresh: bool) -> None:
    """Insert roll-ups of a day that has none; raise those of a day that may have some."""
    from headgate.control.rollups import operations
    from headgate.control.rollups.upserts import period_column, period_of, table_of

    if not fresh:
        with transaction.atomic():
            operations.write(summed)
        return
    found = summed.rows()
    for table in TABLES:
        columns = ("id", period_column(table), *table.groups, *table.sums)
        database.insert(
            table_of(table),
            columns,
            (
                (
                    row.id.hex,
                    str(period_of(row.period, daily=table.daily)).removesuffix("+00:00"),
                    *row.group,
                    *row.sums,
                )
                for row in found[table]
            ),
        )


def open_past_windows(days: int, now: dt.datetime) -> None:
    """Give the users' budgets of a day the windows of the days before, spent as the roll-ups say."""
    from headgate.control.budgets.models import Budget, Window
    from headgate.control.budgets.spending import Subject, named
    from headgate.control.rollups.models import UserDay
    from headgate.ledger.windows import window_id

    today = now.date()
    for budget in Budget.objects.filter(scope="user", period="day", subject="", retired_at=None):
        model = Window.objects.filter(budget=budget).first()
        known = set(Window.objects.filter(budget=budget).values_list("pk", flat=True))
        rows = UserDay.objects.filter(day__gte=today - dt.timedelta(days=days), day__lt=today).exclude(end_user=None)
        made = []
        for day, owner, user, spent in rows.values_list("day", "organization_id", "end_user", "amount_nano"):
            pk = window_id(budget.pk, budget.epoch, str(day), named(budget, Subject(owner, user)))
            if model is None or pk in known:
                continue
            start = int(dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC).timestamp())
            limits = {name: getattr(model, name) for name in ("limit_amount", "hard_limit", "currency", "usd_rate")}
            whose = {"organization_id": owner, "scope": "user", "subject": user, "unit": "money"}
            edges = {"label": str(day), "epoch": budget.epoch, "starts_at": start, "ends_at": start + DAY_S}
            excess = max(0, spent - limits["hard_limit"])
            made.append(
                Window(pk=pk, budget=budget, limit_version=1, spent=spent, excess=excess, **whose, **edges, **limits)
            )
        Window.objects.bulk_create(made, batch_size=500)


def analyze() -> None:
    """Tell the planner what there is."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")


def main() -> int:
    """Read the options and fill."""
    parser = argparse.ArgumentParser(prog="python -m bench.events", description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--organizations", type=int, default=ORGANIZATIONS)
    parser.add_argument("--users", type=int, default=USERS)
    args = parser.parse_args()
    migrate()
    now = dt.datetime.now(dt.UTC)
    fill(args.requests, days=args.days, organizations=args.organizations, users=args.users, now=now)
    # Budgets of the environment begin with what was spent.
    bootstrap(os.environ)
    open_past_windows(args.days, now)
    analyze()
    return 0


if __name__ == "__main__":
    sys.exit(main())
