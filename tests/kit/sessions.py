"""A person who is signed in, for programs: a session of the pages with its CSRF token."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx2

from tests.kit.environment import PASSWORD
from tests.kit.gateway import GatewayProcess


@contextmanager
def signed_in(gateway: GatewayProcess, name: str = "admin", password: str = PASSWORD) -> Generator[httpx2.Client]:
    """Sign in at the page that is there for everybody; what changes something carries the token."""
    with httpx2.Client(base_url=gateway.url, timeout=30) as client:
        client.get("/account/login/")
        token = client.cookies["headgate_csrf"]
        form: dict[str, Any] = {"username": name, "password": password, "csrfmiddlewaretoken": token}
        answer = client.post("/account/login/", data=form, headers={"referer": f"{gateway.url}/account/login/"})
        assert 302 == answer.status_code, answer.text
        client.headers["x-csrftoken"] = client.cookies["headgate_csrf"]
        client.headers["referer"] = gateway.url
        yield client
