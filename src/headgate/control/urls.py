"""Addresses of the control plane."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from headgate.control.api.app import api, document
from headgate.control.keys.sessions import session_key

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("", include("headgate.control.pages.urls")),
    path("admin/", admin.site.urls),
    path("internal/session-key", session_key),
    path("api/openapi.json", document),
    path("", api.urls),
]
