"""Signing in and out, for everybody: the admin's own page at /admin/login/ lets only staff in."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from unfold.widgets import BASE_INPUT_CLASSES


class SignInForm(AuthenticationForm):
    """Name and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Look like the admin's forms."""
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = " ".join(BASE_INPUT_CLASSES)

    def confirm_login_allowed(self, user: Any) -> None:
        """Let in everybody who is active.

        Raises:
            ValidationError: the account is switched off.
        """
        if not user.is_active:
            raise forms.ValidationError("This account is switched off; an admin can switch it on.", code="inactive")


class SignIn(LoginView):
    """The page that every other one leads to while nobody is signed in."""

    template_name = "admin/login.html"
    authentication_form = SignInForm
    next_page = "pages:account"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Give the template what the admin gives it."""
        site: Any = admin.site
        return {
            **site.each_context(self.request),
            **super().get_context_data(**kwargs),
            "title": "Sign in",
            "app_path": self.request.get_full_path(),
        }


class SignOut(LogoutView):
    """Back to the page where one signs in."""

    next_page = "pages:sign_in"
