"""Django for the tests of the control plane: settings, a database in a file, two organizations."""

import os
import tempfile
from pathlib import Path

_FOLDER = Path(tempfile.mkdtemp(prefix="headgate-tests-"))
os.environ["HEADGATE_DATA_DIR"] = str(_FOLDER)
os.environ["HEADGATE_SECRET_KEY"] = "a secret of the tests, long enough to be one"
os.environ["DJANGO_SETTINGS_MODULE"] = "headgate.control.settings"

import django  # noqa: E402

django.setup()

import msgspec  # noqa: E402
import pytest  # noqa: E402
from django.contrib.auth.hashers import make_password  # noqa: E402
from django.db import connections  # noqa: E402
from django.test import Client  # noqa: E402
from whitenoise.middleware import WhiteNoiseMiddleware  # noqa: E402
from whitenoise.responders import Redirect, StaticFile  # noqa: E402

from headgate.control.organizations.models import Membership, Organization, Role, User  # noqa: E402

# In a file rather than in memory, so that a second thread meets the same locks as in production.
if connections.databases["default"]["ENGINE"].endswith("sqlite3"):
    connections.databases["default"]["TEST"]["NAME"] = str(_FOLDER / "test.sqlite3")


@pytest.fixture(autouse=True)
def _cheap_passwords(settings):
    """Hashing is slow on purpose; these tests do not test it."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_looked_for_once():
    """Every test client starts the application anew, which looks through all folders of static files."""
    found: list[dict[str, StaticFile | Redirect]] = []
    look = WhiteNoiseMiddleware.add_files_from_finders

    def add_known(middleware: WhiteNoiseMiddleware) -> None:
        if not found:
            look(middleware)
            found.append(middleware.files)
        middleware.files = found[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", add_known)
        yield


@pytest.fixture
def costs_hidden(settings):
    """As with AI_COST_TRACKING_ENABLED=false."""
    settings.BUDGET_DEFAULTS = msgspec.structs.replace(settings.BUDGET_DEFAULTS, tracking=False)


@pytest.fixture
def acme(db) -> Organization:
    return Organization.objects.create(name="Acme")


@pytest.fixture
def other(db) -> Organization:
    return Organization.objects.create(name="Other")


def make_user(name: str, **fields: object) -> User:
    return User.objects.create(username=name, password=make_password("x"), **fields)


@pytest.fixture
def superuser(db) -> User:
    return make_user("root", is_staff=True, is_superuser=True)


@pytest.fixture
def acme_admin(acme: Organization) -> User:
    user = make_user("acme-admin", is_staff=True)
    Membership.objects.create(user=user, organization=acme, role=Role.ADMIN)
    return user


@pytest.fixture
def acme_member(acme: Organization) -> User:
    user = make_user("acme-member", is_staff=True)
    Membership.objects.create(user=user, organization=acme, role=Role.MEMBER)
    return user


@pytest.fixture
def signed_in():
    """A browserless client, signed in as the given user."""

    def sign_in(user: User) -> Client:
        client = Client(HTTP_HOST="localhost")
        client.force_login(user)
        return client

    return sign_in
