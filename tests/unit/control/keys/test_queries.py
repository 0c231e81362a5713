import pytest

from headgate.control.keys.models import VirtualKey
from headgate.control.keys.queries import ATTRIBUTION_FIELDS, published


@pytest.mark.django_db
def test_an_unlimited_key_is_published_without_limits():
    principal = published(VirtualKey(name="n", organization_id="0" * 32)).principal
    assert (None, (), (), ()) == (
        principal.expires_at,
        principal.allowed_models,
        principal.scopes,
        principal.locked,
    )


@pytest.mark.django_db
def test_every_attribution_field_can_be_given_by_a_key():
    defaults = {name: f"some {name}" for name in ATTRIBUTION_FIELDS}
    principal = published(VirtualKey(name="n", organization_id="0" * 32, defaults=defaults)).principal
    assert defaults == {name: getattr(principal.defaults, name) for name in ATTRIBUTION_FIELDS}
