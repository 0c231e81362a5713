"""Everything that the seeds name of the rows that are built answers, in a running gateway; what is not built is printed."""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from headgate import client as package
from headgate.client import Headgate
from tests.kit.environment import ROOT
from tests.kit.gateway import GatewayProcess
from tests.kit.postgres import DATABASES, database_url_for
from tests.kit.seed_names import NOT_TRUE_YET, PYTHON_NAMES
from tests.kit.seed_table import (
    BLOCKED,
    ENDPOINTS,
    NOT_BUILT,
    PAGES,
    POLICY_FIELDS,
    RESULT_FIELDS,
    STATEMENTS,
    SWITCH,
    VARIABLES,
    Endpoint,
)
from tests.kit.sessions import signed_in

pytestmark = pytest.mark.timeout(180)
POLICY = """
from decimal import Decimal
from headgate.control.organizations.models import Organization
from headgate.control.policies.models import Policy
from headgate.control.policies.operations import save_policy
fields = {"allowed_models": ["sim/small"], "blocked_models": ["sim/large"],
          "max_cost_per_day_eur": Decimal(50), "max_tokens_per_request": 5000}
save_policy(Policy(organization=Organization.objects.get(), name="Production Policy", **fields), actor="test")
"""


@pytest.fixture(scope="module", params=DATABASES)
def gateway(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """With a policy, and one request of a user."""
    folder, database_url = tmp_path_factory.mktemp("seeds") / "data", database_url_for(request.param)
    with GatewayProcess(folder, database_url=database_url, environ={"DEV_TOOLS_ENABLED": "true"}) as running:
        running.control(POLICY)
        running.wait_for_revision(running.revision())
        with Headgate(base_url=running.url, api_key=running.key) as python:
            answer = python.generate_text(model="sim/small", messages="Hello", user_id="u1", max_tokens=20)
        assert [] == [name for name in RESULT_FIELDS if not hasattr(answer, name)]
        assert re.fullmatch(r"aigw_\d{13}_\w+", answer.request_id)
        running.cost_event(answer.request_id)
        yield running


@pytest.fixture(scope="module")
def callers(gateway: GatewayProcess) -> Iterator[dict[str, httpx2.Client]]:
    keys = {"key": {"authorization": f"Bearer {gateway.key}"}, "key in x-pulse-key": {"x-pulse-key": gateway.key}}
    shown = {name: httpx2.Client(base_url=gateway.url, headers=headers, timeout=30) for name, headers in keys.items()}
    with signed_in(gateway) as admin:
        yield {"admin": admin, **shown}
    for program in shown.values():
        program.close()


def found(document: Any, path: str) -> bool:
    """Whether a field is there; of a list, its first one is looked at."""
    for step in path.split("."):
        name, _, listed = step.partition("[")
        if not isinstance(document, dict) or name not in document:
            return False
        document = document[name]
        if listed:
            if not document:
                return False
            document = document[0]
    return True


def ask(endpoint: Endpoint, callers: dict[str, httpx2.Client]) -> httpx2.Response:
    json_only = {"accept": "application/json"}
    return callers[endpoint.who].request(endpoint.method, endpoint.path, json=endpoint.body, headers=json_only)


def test_every_endpoint_and_field_answers(gateway: GatewayProcess, callers: dict[str, httpx2.Client]):
    wrong: list[str] = []
    for endpoint in ENDPOINTS:
        name = f"seed {endpoint.seed}, {endpoint.row}: {endpoint.method} {endpoint.path} by {endpoint.who}"
        answer = ask(endpoint, callers)
        if answer.status_code != endpoint.status:
            wrong.append(f"{name}: {answer.status_code} {answer.text[:300]}")
            continue
        said = answer.json()
        wrong += [f"{name}: no {field}" for field in endpoint.fields if not found(said, field)]
        if endpoint.status == 403:
            assert {"success": False, "error": BLOCKED}.items() <= said.items()
        if said.get("success"):
            gateway.cost_event(answer.headers["x-request-id"])
    assert [] == wrong


def test_every_statement_runs_as_it_is_written_and_has_its_columns(gateway: GatewayProcess):
    organization = gateway.rows("SELECT id FROM headgate_organization")[0]["id"]
    gateway.control(
        "from headgate.control.budgets.operations import create_budget\n"
        "create_budget(name='t', scope='organization', period='day', unit='tokens', limit=10**6)"
    )
    for sql in STATEMENTS:
        rows = gateway.rows(sql.statement.replace("org-id", organization))
        assert rows, sql.statement
        assert [] == [column for column in sql.columns if column not in rows[0]], sql.statement


def test_the_switch_of_an_organization_is_no_statement_and_says_what_it_is(gateway: GatewayProcess):
    organization = gateway.rows("SELECT id FROM headgate_organization")[0]["id"]
    with pytest.raises((sqlite3.DatabaseError, psycopg.Error), match="headgate org enable"):
        gateway.rows(SWITCH.replace("org-id", organization))
    done = gateway.command("org", "enable", "Demo")
    assert 0 == done.returncode, done.stderr
    assert {1} == {int(row["aiGatewayEnabled"]) for row in gateway.rows('SELECT * FROM "Organization"')}


@pytest.mark.parametrize("page", PAGES, ids=[page.path for page in PAGES])
def test_every_page_is_there_with_its_words(page: Any, callers: dict[str, httpx2.Client]):
    answer = callers["admin"].get(page.path, headers={"accept": "text/html"}, follow_redirects=True)
    assert 200 == answer.status_code
    text = re.sub(r"<[^>]+>", " ", answer.text)
    assert [] == [word for word in page.words if word.lower() not in text.lower()]


def test_every_variable_python_name_and_field_of_a_policy_is_there(gateway: GatewayProcess):
    documented = (Path(ROOT) / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    assert [] == [name for _, _, name in VARIABLES if f"`{name}`" not in documented]
    places = (package, Headgate, package.AsyncHeadgate)
    assert [] == [name for _, name in PYTHON_NAMES if not any(hasattr(place, name) for place in places)]
    policy = gateway.rows("SELECT * FROM headgate_policy")[0]
    assert set(POLICY_FIELDS) <= set(policy)


def test_what_is_not_built_is_printed_and_nothing_of_it_is_there_yet():
    documented = (Path(ROOT) / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    for seed, row, name in (*NOT_BUILT, *((seed, "", f"{name}: {why}") for seed, name, why in NOT_TRUE_YET)):
        print(f"seed {seed} {row}: {name}")
    built = [name for _, _, name in NOT_BUILT if re.fullmatch(r"[A-Z_]+", name) and f"`{name}`" in documented]
    assert [] == built, f"built, and still in the list: {json.dumps(built)}"
