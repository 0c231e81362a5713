"""A new password, for everybody: the admin's own page lets only staff in."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpResponse
from django.urls import reverse_lazy
from unfold.forms import AdminOwnPasswordChangeForm

from headgate.control.audit.operations import record_about
from headgate.control.pages.shell import signed_in


class ChangePassword(PasswordChangeView):
    """The person stays signed in here; everywhere else his sessions end."""

    template_name = "headgate/password.html"
    form_class = AdminOwnPasswordChangeForm
    success_url = reverse_lazy("pages:account")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Give the template the frame of a page."""
        site: Any = admin.site
        frame = {**site.each_context(self.request), "has_permission": True}
        sidebar = {"sidebar_navigation": site.get_sidebar_list(self.request)}
        return {**super().get_context_data(**kwargs), **frame, **sidebar, "title": "Change password"}

    def form_valid(self, form: Any) -> HttpResponse:
        """Write it, and tell the audit trail that it was changed."""
        answer = super().form_valid(form)
        person = signed_in(self.request)
        record_about(person, "changed", person, {"said": "Changed his own password."})
        messages.success(self.request, "Your password is changed; sessions elsewhere have ended.")
        return answer
