"""The first start: a demo organization, an admin and a key, so that there is something to try."""

import secrets
from collections.abc import Mapping, Sequence

from headgate.control.budgets.defaults import synchronise
from headgate.control.budgets.environment import budget_defaults
from headgate.control.keys.operations import create_key
from headgate.control.organizations import operations as organizations
from headgate.control.organizations.models import Organization, Role, User
from headgate.control.pricing import operations as pricing
from headgate.control.publication.models import Snapshot
from headgate.control.publication.operations import lock_publication, publishing
from headgate.control.setup import BootstrapResult
from headgate.domain.prices import PriceCard

DEMO_ORGANIZATION = "Demo"
DEMO_KEY = "First key"
ADMIN = "admin"


def fill(environ: Mapping[str, str], cards: Sequence[PriceCard]) -> BootstrapResult | None:
    """Fill an empty database and bring the environment's budgets up to date; see `setup.bootstrap`.

    Whether it is empty is asked under the publication's lock, so that of two nodes that start at once one creates
    and the other finds.
    """
    wanted = budget_defaults(environ)
    with lock_publication():
        empty = not (Organization.objects.exists() or User.objects.exists())
        if not empty and Snapshot.objects.exists():
            pricing.seed_cards(cards)
            synchronise(wanted)
            return None
        with publishing():
            pricing.seed_cards(cards)
            synchronise(wanted)
            return _create(environ) if empty else None


def _create(environ: Mapping[str, str]) -> BootstrapResult:
    password = environ.get("HEADGATE_BOOTSTRAP_ADMIN_PASSWORD", "")
    given_key = environ.get("HEADGATE_BOOTSTRAP_KEY", "")
    chosen = password or secrets.token_urlsafe(15)
    organization = organizations.create_organization(DEMO_ORGANIZATION)
    admin = organizations.create_user(ADMIN, chosen, superuser=True)
    organizations.set_membership(admin, organization, Role.OWNER)
    issued = create_key(organization, DEMO_KEY, plain=given_key or None)
    return BootstrapResult(
        organization=organization.name,
        admin_username=admin.username,
        admin_password=chosen,
        admin_password_generated=not password,
        key=issued.plain,
        key_generated=not given_key,
    )
