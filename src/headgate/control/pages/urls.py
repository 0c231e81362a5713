"""Addresses of the pages that Django's admin does not make."""

from django.urls import path

from headgate.control.pages.account import account
from headgate.control.pages.costs import costs
from headgate.control.pages.organizations import switch_organization
from headgate.control.pages.signing_in import SignIn, SignOut

app_name = "pages"
urlpatterns = [
    path("account/", account, name="account"),
    path("account/login/", SignIn.as_view(), name="sign_in"),
    path("account/logout/", SignOut.as_view(), name="sign_out"),
    path("account/organization/", switch_organization, name="switch_organization"),
    path("costs", costs, name="costs"),
]
