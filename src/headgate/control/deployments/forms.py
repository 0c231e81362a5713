"""Forms of deployments and of their write-only credentials."""

from typing import Any, ClassVar

from django import forms
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget

from headgate.control.deployments.models import Deployment, ProviderCredential
from headgate.control.deployments.operations import check_credential, check_deployment, check_secret_of
from headgate.domain.formats import Format
from headgate.providers.table import PROVIDERS


def _provider_field() -> forms.ChoiceField:
    choices = sorted(((name, value.title) for name, value in PROVIDERS.items()), key=lambda choice: choice[1].lower())
    return forms.ChoiceField(choices=[("", "Select value"), *choices], widget=UnfoldAdminSelectWidget)


class CredentialForm(forms.ModelForm):
    """A credential. Its secret goes in and never comes back out."""

    provider = _provider_field()
    secret = forms.CharField(
        required=False,
        strip=True,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}, render_value=False),
        help_text="Stored encrypted and never shown again. Empty: the stored one stays. For Amazon Bedrock an API key, "
        'or {"access_key_id": "…", "secret_access_key": "…"}; for Vertex the JSON key of a service account.',
    )

    class Meta:
        model = ProviderCredential
        fields: ClassVar[list[str]] = ["organization", "name", "provider"]

    def clean(self) -> dict[str, Any]:
        """Ask a new credential for its secret."""
        cleaned = super().clean() or self.cleaned_data
        if not self.instance.encrypted and not cleaned.get("secret"):
            self.add_error("secret", "A new credential needs its secret.")
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # the stubs do not know it
        if self.errors:
            return
        try:
            if secret := self.cleaned_data.get("secret"):
                check_secret_of(self.instance, secret)
            check_credential(self.instance)
        except forms.ValidationError as error:
            self.add_error(None, error)


class DeploymentForm(forms.ModelForm):
    """A deployment."""

    provider = _provider_field()
    format = forms.ChoiceField(
        required=False,
        choices=[("", "Any that the provider speaks"), *((each.value, each.value) for each in Format)],
        widget=UnfoldAdminSelectWidget,
        help_text="The one wire format that is spoken here.",
    )
    own_credential_required = False
    """An organization's admin may not spend the environment's credentials through a deployment of his own."""

    class Meta:
        model = Deployment
        fields: ClassVar[list[str]] = [
            "organization",
            "name",
            "provider",
            "model",
            "base_url",
            "credential",
            "format",
            "api_version",
            "priority",
            "weight",
            "timeout_ms",
            "enabled",
        ]

    def clean(self) -> dict[str, Any]:
        """Ask for a credential where there must be one."""
        cleaned = super().clean() or self.cleaned_data
        if self.own_credential_required and not cleaned.get("credential"):
            self.add_error("credential", "A deployment of an organization needs a credential of that organization.")
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # the stubs do not know it
        if self.errors:
            return
        try:
            check_deployment(self.instance)
        except forms.ValidationError as error:
            self.add_error(None, error)
