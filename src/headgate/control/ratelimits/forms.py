"""The form of a rate limit."""

from typing import ClassVar

from django import forms

from headgate.control.ratelimits.checks import LIMITS, check_rate_limit
from headgate.control.ratelimits.models import RateLimit


class RateLimitForm(forms.ModelForm):
    """A rate limit."""

    class Meta:
        model = RateLimit
        fields: ClassVar[list[str]] = ["organization", "name", "scope", "subject", *LIMITS]

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # the stubs do not know it
        if self.errors:
            return
        try:
            check_rate_limit(self.instance)
        except forms.ValidationError as error:
            self.add_error(None, error)
