import argparse

import pytest

from headgate.cli.rollups import add_commands
from headgate.control.ledger.operations import post, register_owner
from headgate.control.rollups.models import TrafficHour
from headgate.domain.ids import OwnerId
from headgate.ledger.postings import OwnerPosting, cost_event, request_log
from tests.kit.books import logged, sent, settled

pytestmark = pytest.mark.django_db
OWNER = OwnerId("a" * 32)


@pytest.fixture
def run(capsys: pytest.CaptureFixture):
    def command(*argv: str) -> tuple[int, str, str]:
        parser = argparse.ArgumentParser()
        add_commands(parser.add_subparsers(dest="command"))
        args = parser.parse_args(argv)
        status = args.run(args)
        said = capsys.readouterr()
        return status, said.out.strip(), said.err.strip()

    return command


@pytest.fixture
def books():
    register_owner(OWNER, "node", "boot")
    whole = {"events": (cost_event(sent(), settled()),), "logs": (request_log(logged()),)}
    post(OwnerPosting(owner_id=OWNER, posted_from=0, posted_to=1, low_watermark=0, **whole))


def test_empty_books_have_nothing_to_compare_or_to_make(run):
    assert (0, "there is nothing to compare", "") == run("verify")
    assert (0, "0 days are made anew", "") == run("rollups", "rebuild")


def test_a_difference_is_named_with_its_hour_and_its_cure_and_is_gone_after_that(run, books):
    right = (0, "2026-01-01 to 2026-01-01: the roll-ups are the sums of the books", "")
    assert right == run("verify")
    TrafficHour.objects.filter(attempts=1).update(amount_nano=1_000)
    status, out, err = run("verify")
    assert (1, "") == (status, out)
    assert "headgate rollups rebuild --since 2026-01-01 --until 2026-01-02" in err
    assert f"2026-01-01 12:00 of {'0' * 32}: traffic_hour lacks amount_nano +234" == err.splitlines()[-1]
    assert (0, "2026-01-01\n1 day is made anew", "") == run(
        "rollups", "rebuild", "--since", "2026-01-01", "--until", "2026-01-02"
    )
    assert right == run("verify", "--since", "2026-01-01")
