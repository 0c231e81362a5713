"""What `bench.pages` asks for: every page and every call of the API that reads; `/admin/` has one of each kind."""

_ANALYTICS = "/api/v1/ai/analytics"
_USER = "user_id=user-0&organization=Organization%200"
_LOG = "/admin/requestlog/requestlog/"
_EVENTS = "/admin/ledger/costevent/"

API = (
    f"{_ANALYTICS}/user/?{_USER}",
    f"{_ANALYTICS}/user/?{_USER}&days=366&interval=week",
    f"{_ANALYTICS}/user/?{_USER}&days=7&interval=hour",
    f"{_ANALYTICS}/user/spend-limit/?{_USER}",
    f"{_ANALYTICS}/system/",
    f"{_ANALYTICS}/system/?days=1",
    f"{_ANALYTICS}/system/?days=7&interval=hour",
    f"{_ANALYTICS}/system/?days=30",
    f"{_ANALYTICS}/system/?days=90&interval=week",
    f"{_ANALYTICS}/system/?days=366",
    f"{_ANALYTICS}/breakdown/?by=user&days=30",
    f"{_ANALYTICS}/breakdown/?by=user&days=366",
    f"{_ANALYTICS}/breakdown/?by=team,model&days=30",
    f"{_ANALYTICS}/breakdown/?by=user,team,model&days=90",
    f"{_ANALYTICS}/breakdown/?by=model,provider,endpoint&days=90",
    f"{_ANALYTICS}/breakdown/?by=user&days=30&limit=1000&format=csv",
    f"{_ANALYTICS}/requests/",
    f"{_ANALYTICS}/requests/?user_id=user-1990&organization=Organization%200",
    f"{_ANALYTICS}/requests/?errors=true",
    f"{_ANALYTICS}/requests/?limit=200&format=csv",
    f"{_ANALYTICS}/langsmith/health/",
    "/api/v1/ai/usage?organization=Organization%200",
    "/api/v1/ai/budget?organization=Organization%200",
    "/costs",
    "/costs?days=366",
    "/costs?teamId=team-3&projectId=project-3&groupBy=userId,model",
    "/costs?teamId=team-3&projectId=project-3&groupBy=userId,model&days=90",
    "/costs?groupBy=day,provider&days=90&format=csv",
    "/api/openapi.json",
    "/api/docs",
)
PAGES = (
    "/admin/",
    _LOG,
    f"{_LOG}?outcome__exact=rejected",
    f"{_LOG}?provider=openai&model=gpt-4o",
    f"{_LOG}?p=100",
    f"{_LOG}?q=aigw_1",
    f"{_LOG}?o=6",
    _EVENTS,
    f"{_EVENTS}?outcome__exact=estimated",
    f"{_EVENTS}?provider=google&model=gemini-2.5-flash",
    f"{_EVENTS}?q=aigw_1",
    f"{_EVENTS}?o=5",
    "/admin/budgets/budget/",
    "/admin/budgets/window/",
    "/admin/keys/virtualkey/",
    "/admin/organizations/organization/",
    "/admin/organizations/user/",
    "/admin/audit/auditentry/",
)
ADDRESSES = (*API, *PAGES)
