"""Addresses of the pages that Django's admin does not make."""

from typing import cast

from django.urls import path
from django.views.generic import RedirectView

from headgate.control.pages import governance, governing, own_keys
from headgate.control.pages.account import account
from headgate.control.pages.analytics.dashboard import dashboard
from headgate.control.pages.analytics.requests import requests
from headgate.control.pages.analytics.resetting import reset
from headgate.control.pages.analytics.system import system
from headgate.control.pages.analytics.users import users, users_csv
from headgate.control.pages.costs import costs
from headgate.control.pages.dev_usage import dev_usage
from headgate.control.pages.organizations import switch_organization
from headgate.control.pages.passwords import ChangePassword
from headgate.control.pages.shell import View, page_of
from headgate.control.pages.signing_in import SignIn, SignOut

app_name = "pages"
urlpatterns = [
    path("admin/ai", governance.page),
    # The one that the sidebar knows: without its slash it would also begin the dashboard's.
    path("admin/ai/", governance.page, name="governance"),
    path("admin/ai/keys/<str:key_id>/revoke/", governing.revoke, name="revoke_key"),
    path("admin/ai/<str:organization_id>/gateway/", governing.gateway, name="gateway"),
    path("account/", account, name="account"),
    path("account/login/", SignIn.as_view(), name="sign_in"),
    path("account/logout/", SignOut.as_view(), name="sign_out"),
    path("account/organization/", switch_organization, name="switch_organization"),
    path("account/keys/", own_keys.create, name="create_own_key"),
    path("account/keys/<str:key_id>/revoke/", own_keys.revoke, name="revoke_own_key"),
    path("account/password/", page_of(cast("View", ChangePassword.as_view())), name="change_password"),
    path("dev/ai-usage", dev_usage, name="dev_usage"),
    path("dev/ai-usage/", dev_usage),
    path("costs", costs, name="costs"),
    # Before the admin, which would lead everybody who is not staff to a page of its own.
    path("admin/ai-analytics", RedirectView.as_view(pattern_name="pages:analytics", query_string=True)),
    path("admin/ai-analytics/", dashboard, name="analytics"),
    path("admin/ai-analytics/system/", system, name="analytics_system"),
    path("admin/ai-analytics/users/", users, name="analytics_users"),
    path("admin/ai-analytics/users/users.csv", users_csv, name="analytics_users_csv"),
    path("admin/ai-analytics/users/reset/", reset, name="analytics_reset"),
    path("admin/ai-analytics/requests/", requests, name="analytics_requests"),
]
