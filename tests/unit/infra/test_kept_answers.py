from collections.abc import Iterator

import pytest

from headgate.domain.errors import Unavailable
from headgate.domain.ids import DeploymentId, OrganizationId
from headgate.infra.kept_answers import REMEMBERED, WAITS_S, BookedAnswers
from headgate.infra.store import StoreError

ACME, OTHER = OrganizationId("acme"), OrganizationId("other")
HERE = DeploymentId("here")


class Books:
    """Posted so many looks later."""

    def __init__(self) -> None:
        self.late = 0
        self.asked: list[tuple[str, str]] = []
        self.broken = False

    def keeper(self, organization_id: str, kept_id: str) -> str | None:
        self.asked.append((organization_id, kept_id))
        if self.broken:
            raise StoreError
        return "there" if organization_id == ACME and len(self.asked) > self.late else None


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def kept(books: Books, slept: list[float]) -> Iterator[BookedAnswers]:
    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    answers = BookedAnswers(books, sleep)
    yield answers
    answers.close()


async def test_what_this_worker_got_is_known_without_the_books(kept: BookedAnswers, books: Books):
    kept.remember(ACME, "resp_1", HERE)
    assert HERE == await kept.find(ACME, "resp_1")
    assert [] == books.asked


async def test_what_another_worker_got_is_in_the_books(kept: BookedAnswers, books: Books, slept: list[float]):
    assert "there" == await kept.find(ACME, "resp_1")
    assert ([(ACME, "resp_1")], [0.0]) == (books.asked, slept)


async def test_what_is_not_posted_yet_is_waited_for(kept: BookedAnswers, books: Books, slept: list[float]):
    books.late = 2
    assert "there" == await kept.find(ACME, "resp_1")
    assert list(WAITS_S[:3]) == slept


async def test_another_organizations_answer_is_not_found(kept: BookedAnswers, slept: list[float]):
    kept.remember(ACME, "resp_1", HERE)
    assert await kept.find(OTHER, "resp_1") is None
    assert list(WAITS_S) == slept


async def test_books_that_do_not_answer_are_no_answer_that_is_not_there(kept: BookedAnswers, books: Books):
    books.broken = True
    with pytest.raises(Unavailable) as refused:
        await kept.find(ACME, "resp_1")
    assert "answer_store_unavailable" == refused.value.code


async def test_memory_is_bounded_and_what_it_forgot_is_in_the_books(kept: BookedAnswers, books: Books):
    for number in range(REMEMBERED + 1):
        kept.remember(ACME, f"resp_{number}", HERE)
    assert HERE == await kept.find(ACME, f"resp_{REMEMBERED}")
    assert [] == books.asked
    assert "there" == await kept.find(ACME, "resp_0")
