import argparse

import pytest

from headgate.cli.routes import add_commands
from headgate.control.organizations.operations import create_organization
from headgate.control.routes.models import Arm, Route

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(capsys: pytest.CaptureFixture):
    def command(*argv: str) -> tuple[int, str, str]:
        parser = argparse.ArgumentParser()
        add_commands(parser.add_subparsers(dest="command"))
        args = parser.parse_args(["route", *argv])
        status = args.run(args)
        said = capsys.readouterr()
        return status, said.out.strip(), said.err.strip()

    return command


def test_a_route_is_created_and_then_replaced_by_its_name(run):
    organization = create_organization("Acme")
    given = ("--org", "Acme", "--strategy", "split", "--sticky-by", "key", "--retries", "0", "--hedge-after-ms", "300")
    told = "fast of Acme: split, gpt-4o 9, new 1 (claude-sonnet-4-5)"
    assert (0, told, "") == run("set", "fast", "gpt-4o,9", "new=claude-sonnet-4-5", *given)
    route = Route.objects.get()
    assert (organization, "key", 0, 300) == (
        route.organization,
        route.sticky_by,
        route.retries,
        route.hedge_after_ms,
    )
    assert 0 == run("set", "fast", "o3", "--org", "Acme")[0]
    assert (route.pk, "priority", None) == Route.objects.values_list("pk", "strategy", "retries").get()
    assert ["o3"] == [arm.model for arm in Arm.objects.all()]


def test_routes_are_listed(run):
    create_organization("Acme")
    assert (0, "no routes", "") == run("list")
    run("set", "fast", "gpt-4o", "o3,2")
    run("set", "fast", "o3", "--org", "Acme")
    Route.objects.filter(organization=None).update(enabled=False)
    assert {"fast (off): priority, gpt-4o 1, o3 2", "fast of Acme: priority, o3 1"} == set(run("list")[1].splitlines())


def test_of_two_routes_of_a_name_the_one_of_that_owner_is_deleted(run):
    create_organization("Acme")
    run("set", "fast", "gpt-4o")
    run("set", "fast", "o3", "--org", "Acme")
    assert (0, "fast is deleted", "") == run("delete", "fast", "--org", "Acme")
    assert [None] == [route.organization for route in Route.objects.all()]
    assert 1 == run("delete", "fast", "--org", "Acme")[0]


@pytest.mark.parametrize(
    ("arm", "complaint"),
    [("gtp-4o", "No deployment serves"), ("gpt-4o,many", "is no arm: write [name=]model[,weight]")],
)
def test_what_leads_nowhere_is_said_in_one_line(arm: str, complaint: str, run):
    status, _, said = run("set", "fast", arm)
    assert (1, 0) == (status, Route.objects.count())
    assert said.startswith("headgate route set: ")
    assert complaint in said
