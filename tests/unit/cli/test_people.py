import argparse
import hashlib
import io
import sys

import pytest

from headgate.cli.people import add_commands
from headgate.control.keys.models import VirtualKey
from headgate.control.organizations.models import User
from headgate.control.organizations.operations import create_organization

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough passphrase 7"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    def command(*argv: str, typed: str = PASSWORD + "\n") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        parser = argparse.ArgumentParser()
        add_commands(parser.add_subparsers(dest="command"))
        args = parser.parse_args(argv)
        status = args.run(args)
        said = capsys.readouterr()
        return status, said.out.strip(), said.err.strip()

    return command


def test_a_user_is_created_with_the_password_that_is_typed(run):
    assert (0, "ann is created", "") == run("user", "create", "ann", "--email", "ann@example.org")
    ann = User.objects.get(username="ann")
    assert ann.check_password(PASSWORD)
    assert ("ann@example.org", False, False) == (ann.email, ann.is_staff, ann.is_superuser)


def test_a_superuser_may_do_everything(run):
    run("user", "create", "root", "--superuser")
    root = User.objects.get(username="root")
    assert (True, True) == (root.is_staff, root.is_superuser)


def test_a_user_becomes_staff_and_gets_a_new_password(run):
    run("user", "create", "ann")
    assert (0, "ann is staff now", "") == run("user", "staff", "ann")
    assert (0, "ann has a new password", "") == run("user", "password", "ann", typed="another long passphrase 8\n")
    ann = User.objects.get(username="ann")
    assert ann.is_staff
    assert ann.check_password("another long passphrase 8")


def test_a_weak_password_is_refused_in_one_line(run):
    status, out, err = run("user", "create", "ann", typed="123\n")
    assert (1, "") == (status, out)
    assert err.startswith("headgate user create: This password is too short")
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_name_that_is_taken_is_refused(run):
    run("user", "create", "ann")
    assert (1, "", "headgate user create: 'ann' exists already") == run("user", "create", "ann")


def test_a_user_that_does_not_exist_is_named(run):
    status, _, err = run("user", "staff", "nobody")
    assert 1 == status
    assert err.startswith("headgate user staff: ")


def test_an_organization_is_switched_off_and_on(run):
    acme = create_organization("Acme")
    assert (0, "Acme is disabled", "") == run("org", "disable", "Acme")
    acme.refresh_from_db()
    assert not acme.enabled
    assert (0, "Acme is enabled", "") == run("org", "enable", "Acme")
    acme.refresh_from_db()
    assert acme.enabled
    assert (1, "", "headgate org enable: no organization is called 'Nobody'") == run("org", "enable", "Nobody")


def test_a_key_is_shown_once_and_kept_as_a_hash(run):
    create_organization("Acme")
    status, plain, _ = run("key", "create", "ci", "--org", "Acme")
    key = VirtualKey.objects.get()
    assert (0, hashlib.sha256(plain.encode()).hexdigest(), "ci") == (status, key.sha256, key.name)
    assert (0, "ci is revoked", "") == run("key", "revoke", str(key.pk))
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_a_key_needs_an_organization_that_exists(run):
    assert (1, "", "headgate key create: name the organisation with --org") == run("key", "create", "ci")
    assert "no organization is called 'Nobody'" in run("key", "create", "ci", "--org", "Nobody")[2]
    assert 1 == run("key", "revoke", "nothing")[0]
