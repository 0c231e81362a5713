"""Pages: deployments and provider credentials."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from headgate.control.deployments.forms import CredentialForm, DeploymentForm
from headgate.control.deployments.models import Deployment, ProviderCredential
from headgate.control.deployments.operations import (
    delete_credentials,
    delete_deployments,
    save_credential,
    save_deployment,
)
from headgate.control.display import moment
from headgate.control.filters import OrganizationFilter
from headgate.control.scoping import Scoped


@admin.register(Deployment)
class DeploymentAdmin(Scoped):
    """Deployments. Only the operator names an upstream address: it is where our requests go."""

    form = DeploymentForm
    list_display = ("name", "provider", "model", "owner", "priority", "enabled")
    list_select_related = ("organization", "credential")
    list_filter = (OrganizationFilter,)
    search_fields = ("name", "provider", "model")
    shared_rows_visible = True

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Tie the form to what its user may leave empty."""
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"own_credential_required": not request.user.is_superuser})

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        """Keep the address from everybody but the operator."""
        return () if request.user.is_superuser else ("base_url",)

    @display(description="Organization", ordering="organization__name")
    def owner(self, deployment: Deployment) -> str:
        """Return whose deployment it is."""
        return str(deployment.organization or "shared")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002
        """Write and publish."""
        save_deployment(obj)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:  # noqa: ARG002
        """Delete and publish."""
        delete_deployments([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:  # noqa: ARG002
        """Delete and publish, once."""
        delete_deployments(queryset)


@admin.register(ProviderCredential)
class ProviderCredentialAdmin(Scoped):
    """Provider credentials: the secret goes in and never comes back out."""

    form = CredentialForm
    list_display = ("name", "provider", "owner", "ending", "rotated")
    list_select_related = ("organization",)
    list_filter = (OrganizationFilter,)
    search_fields = ("name", "provider")
    fields = ("organization", "name", "provider", "secret")

    @display(description="Organization", ordering="organization__name")
    def owner(self, credential: ProviderCredential) -> str:
        """Return whose credential it is."""
        return str(credential.organization or "shared")

    @display(description="Ends in")
    def ending(self, credential: ProviderCredential) -> str:
        """Return the last characters, to tell credentials apart."""
        return f"…{credential.hint}"

    @display(description="Secret set (UTC)", ordering="rotated_at")
    def rotated(self, credential: ProviderCredential) -> str:
        """Return when the secret was last replaced."""
        return moment(credential.rotated_at)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002
        """Encrypt, write and publish."""
        save_credential(obj, plain=form.cleaned_data["secret"] or None)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:  # noqa: ARG002
        """Delete and publish."""
        delete_credentials([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:  # noqa: ARG002
        """Delete and publish, once."""
        delete_credentials(queryset)
