import datetime as dt

import pytest

from headgate.control.ledger.operations import post, register_owner
from headgate.control.requestlog.content import Texts, delete_before, texts_of
from headgate.control.requestlog.models import Content
from headgate.domain.ids import OwnerId, RequestId
from headgate.ledger.postings import OwnerPosting, content
from headgate.ledger.records import Captured, Side
from tests.kit.books import NOON

pytestmark = pytest.mark.django_db
OWNER = OwnerId("a" * 32)


def piece(request_id: str, side: Side, number: int, text: str, at: float = NOON) -> Captured:
    return Captured(
        request_id=RequestId(request_id), organization_id="0" * 32, at=at, side=side, number=number, text=text
    )


def post_texts(*pieces: Captured, begin: int = 0) -> None:
    register_owner(OWNER, "node", "boot")
    post(
        OwnerPosting(
            owner_id=OWNER,
            posted_from=begin,
            posted_to=begin + 1,
            low_watermark=begin,
            content=tuple(content(each) for each in pieces),
        )
    )


def test_texts_are_whole_again_whatever_the_order_of_their_pieces():
    post_texts(
        piece("a", Side.REQUEST, 1, "two"),
        piece("a", Side.REQUEST, 0, "one "),
        piece("a", Side.ANSWER, 0, "answer"),
        piece("b", Side.REQUEST, 0, "other"),
    )
    assert {"a": Texts("one two", "answer"), "b": Texts("other", None)} == texts_of(["a", "b", "c"])


def test_ten_pieces_and_more_stand_in_the_order_of_their_numbers():
    post_texts(*[piece("a", Side.ANSWER, number, f"{number},") for number in range(12)])
    assert "0,1,2,3,4,5,6,7,8,9,10,11," == texts_of(["a"])["a"].answer


def test_a_piece_is_there_once():
    post_texts(piece("a", Side.REQUEST, 0, "text"))
    post_texts(piece("a", Side.REQUEST, 0, "another"), begin=1)
    assert Texts("text", None) == texts_of(["a"])["a"]


def test_a_text_with_a_null_character_stops_no_books():
    post_texts(piece("a", Side.REQUEST, 0, "a\0b"))
    assert "a\N{REPLACEMENT CHARACTER}b" == texts_of(["a"])["a"].request


def test_old_texts_go_and_young_ones_stay():
    post_texts(
        *[piece(f"old-{number}", Side.REQUEST, 0, "x", NOON - 10) for number in range(5)],
        piece("young", Side.REQUEST, 0, "x", NOON),
    )
    assert 5 == delete_before(dt.datetime.fromtimestamp(NOON, dt.UTC), batch=2)
    assert ["young"] == list(Content.objects.values_list("request_id", flat=True))
    assert 0 == delete_before(dt.datetime.fromtimestamp(NOON, dt.UTC))
