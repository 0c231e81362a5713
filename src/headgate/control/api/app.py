"""The API as a whole: its operations, its document at /api/openapi.json, and its page at /api/docs."""

from functools import cache

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Swagger

from headgate import __version__
from headgate.control.api import analytics, costs, daily_limits, langsmith, records, spend_limits, usage
from headgate.control.api.authentication import KeyAuthentication, SessionAuthentication
from headgate.control.api.errors import add_handlers
from headgate.control.api.rendering import JSON, ExactJson, encode

DESCRIPTION = (
    "What happened, what it cost, and how users stand in their limits. Amounts are exact decimal numbers of USD. "
    "Shown a virtual key, or called from a browser that is signed in at /admin/."
)

# No badge of a validator: the page loads nothing from another address.
api = NinjaAPI(
    title="Headgate",
    version=__version__,
    description=DESCRIPTION,
    openapi_url="api/openapi.json",
    docs_url="api/docs",
    docs=Swagger(settings={"validatorUrl": None, "persistAuthorization": False}),
    auth=[KeyAuthentication(), SessionAuthentication()],
    renderer=ExactJson(),
    urls_namespace="api",
)
add_handlers(api)
for _router in (analytics.router, spend_limits.router, records.router, langsmith.router):
    api.add_router("api/v1/ai/analytics/", _router)
for _router in (usage.router, daily_limits.router):
    api.add_router("api/v1/ai/", _router)
api.add_router("", costs.router)


@cache
def _document() -> bytes:
    return encode(api.get_openapi_schema())


def document(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - the same for everybody
    """The OpenAPI document, which is put together once."""
    return HttpResponse(_document(), content_type=JSON)
