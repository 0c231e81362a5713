from contextlib import closing

import pytest
from django.test import Client

from headgate.control.api.app import api

pytestmark = pytest.mark.django_db


def test_the_document_is_whole_and_names_every_operation_once():
    document = Client(HTTP_HOST="localhost").get("/api/openapi.json").json()
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert {"user_analytics", "spend_limit", "system_analytics", "reset_user_spend", "langsmith_health", "costs"} <= {
        operation["operationId"] for operation in operations
    }
    assert len(operations) == len({operation["operationId"] for operation in operations})
    for operation in operations:
        assert {"200", "400", "401", "403", "404"} <= operation["responses"].keys()
        assert operation["description"]
        assert [{"KeyAuthentication": []}, {"SessionAuthentication": []}] == operation["security"]


def test_amounts_are_numbers_in_the_document():
    schemas = api.get_openapi_schema()["components"]["schemas"]
    (shown, _) = schemas["UserAnalytics"]["properties"]["total_cost_usd"]["anyOf"]
    assert "number" == shown["type"]


def test_the_page_loads_nothing_from_another_address():
    page = Client(HTTP_HOST="localhost").get("/api/docs")
    assert 200 == page.status_code
    text = page.content.decode()
    assert ("//" not in text.replace("<!DOCTYPE", ""), True) == (
        True,
        "/admin/static/ninja/swagger-ui-bundle.js" in text,
    )
    for address in ("swagger-ui-bundle.js", "swagger-ui.css", "swagger-ui-init.js"):
        with closing(Client(HTTP_HOST="localhost").get(f"/admin/static/ninja/{address}")) as answer:
            assert 200 == answer.status_code
