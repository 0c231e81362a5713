"""The API answers what its OpenAPI document says: schemathesis asks every operation whatever the document allows, and not.

Nothing is answered with a 500, nothing in another shape than documented. Three ask: the operator by his session, a virtual key,
and nobody.
"""

import urllib.request
from collections import Counter

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.kit.gateway import GatewayProcess

EXAMPLES = 25
"""Per operation, who asks, and what is allowed or not: some 1,500 calls together."""
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
CSRF = "a" * 32
SIGN_IN = """
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from headgate.control.organizations.models import User
person = User.objects.get(username="admin")
session = SessionStore()
session[SESSION_KEY] = person.pk
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = person.get_session_auth_hash()
session.save()
print(session.session_key)
"""


QUESTION = b'{"model": "sim/small", "messages": [{"role": "user", "content": "hello"}], "user": "u1"}'


@pytest.fixture(scope="module")
def document(gateway: GatewayProcess) -> schemathesis.BaseSchema:
    """As a client reads it, after a few calls, so that there is something to be told of."""
    for team in ("t1", "t2", "=t3"):
        headers = {"authorization": f"Bearer {gateway.key}", "x-headgate-team": team}
        call = urllib.request.Request(f"{gateway.url}/v1/chat/completions", data=QUESTION, headers=headers)
        with urllib.request.urlopen(call, timeout=20) as answer:
            gateway.cost_event(answer.headers["x-request-id"])
    return schemathesis.openapi.from_url(f"{gateway.url}/api/openapi.json")


@pytest.fixture(scope="module")
def callers(gateway: GatewayProcess) -> dict[str, dict[str, str]]:
    """What each caller shows."""
    session = gateway.control(SIGN_IN).strip()
    return {
        "operator": {"cookie": f"headgate_session={session}; headgate_csrf={CSRF}", "x-csrftoken": CSRF},
        "key": {"authorization": f"Bearer {gateway.key}"},
        "nobody": {},
    }


@pytest.mark.timeout(120)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["allowed", "not allowed"])
@pytest.mark.parametrize("who", ["operator", "key", "nobody"])
def test_what_is_answered_is_what_the_document_says(who: str, mode: GenerationMode, document, callers):
    asked: Counter[str] = Counter()
    operations = [found.ok() for found in document.get_all_operations()]
    for operation in operations:
        ask(operation.as_strategy(generation_mode=mode), callers[who], asked)
    assert {operation.label for operation in operations} == set(asked)
    assert len(operations) > 8


def ask(cases, headers: dict[str, str], asked: Counter[str]) -> None:
    """Ask one operation whatever the strategy makes up."""

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(case=cases)
    def each(case: schemathesis.Case) -> None:
        asked[case.operation.label] += 1
        case.call_and_validate(headers=headers, checks=CHECKS)

    each()
