import argparse

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError

from headgate.cli.commands import actor, finish


def fail(error: Exception):
    raise error


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (lambda args: f"{args.command} is done", (0, "make is done\n", "")),
        (
            lambda _: fail(ValidationError(["Too many.", "Too late."])),
            (1, "", "headgate make it: Too many. Too late.\n"),
        ),
        (lambda _: fail(ValueError("no such thing")), (1, "", "headgate make it: no such thing\n")),
    ],
    ids=["done", "invalid", "not there"],
)
@pytest.mark.django_db
def test_an_action_says_what_it_did_or_in_one_line_what_is_wrong(action, expected, capsys):
    parser = argparse.ArgumentParser()
    command = parser.add_subparsers(dest="command").add_parser("make")
    command.add_argument("action")
    finish(command, action)
    args = parser.parse_args(["make", "it"])
    status = args.run(args)
    assert expected == (status, *capsys.readouterr())


def test_an_error_that_nobody_can_mend_is_not_hidden():
    parser = argparse.ArgumentParser()
    finish(parser, lambda _: fail(RuntimeError("a bug")))
    args = parser.parse_args([])
    with pytest.raises(RuntimeError):
        args.run(args)


def test_who_types_is_named_by_account(monkeypatch):
    monkeypatch.setenv("LOGNAME", "operator")
    assert "command line: operator" == actor()


def test_a_folder_without_an_installation_is_named(capsys, monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    parser = argparse.ArgumentParser()
    command = parser.add_subparsers(dest="command").add_parser("make")
    command.add_argument("action")
    finish(command, lambda _: fail(OperationalError("no such table: headgate_budget")))
    args = parser.parse_args(["make", "it", "--data-dir", "elsewhere"])
    assert 1 == args.run(args)
    assert "no such table: headgate_budget; is elsewhere the installation's database?" in capsys.readouterr().err
