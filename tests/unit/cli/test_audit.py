import argparse

import pytest

from headgate.cli.audit import add_commands
from headgate.cli.commands import finish
from headgate.control.audit.models import AuditEntry, AuditHead
from headgate.control.audit.operations import record

pytestmark = pytest.mark.django_db


def run(*argv: str, capsys: pytest.CaptureFixture) -> tuple[int, str, str]:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command")
    add_commands(commands)
    change = commands.add_parser("thing").add_subparsers(dest="action")
    setting = change.add_parser("set")
    setting.add_argument("name")
    setting.add_argument("--password")
    finish(setting, lambda _: "is set")
    finish(change.add_parser("list"), lambda _: "things")
    args = parser.parse_args(argv)
    status = args.run(args)
    said = capsys.readouterr()
    return status, said.out.strip(), said.err.strip()


def test_a_whole_trail_is_said_to_be_with_its_end(capsys):
    entry = record("root", "changed", "organization")
    told = f"1 entries, unbroken; the last one's hash is {entry.sha256}"
    assert (0, told, "") == run("audit", "verify", capsys=capsys)


def test_a_broken_trail_fails_and_names_the_entry(capsys):
    record("root", "changed", "organization")
    AuditHead.objects.update(number=7)
    told = "headgate audit verify: the chain does not hold: entry 7 the end of the chain is not where it was"
    assert (1, "", told) == run("audit", "verify", capsys=capsys)


def test_commands_that_change_something_are_on_the_trail_without_their_secrets(capsys):
    run("thing", "set", "x", "--password", "hunter2", capsys=capsys)
    run("thing", "list", capsys=capsys)
    (entry,) = AuditEntry.objects.all()
    assert ("set", "headgate thing") == (entry.action, entry.kind)
    assert entry.actor.startswith("command line: ")
    assert '"name":"x"' in entry.details
    assert "hunter2" not in entry.details
