import msgspec
import pytest

from headgate.pricing.sizes import items_of, members_of, size_beside, size_of, size_of_text, starts_with


def raw(text: str) -> msgspec.Raw:
    return msgspec.Raw(text.encode())


@pytest.mark.parametrize(("text", "expected"), [('"abc"', 3), ('"\\n\\u00e9"', 3), ('"é"', 2)])
def test_a_text_is_as_long_as_it_is_once_decoded(text: str, expected: int):
    assert expected == size_of_text(raw(text))


def test_only_lists_have_items_and_only_objects_members():
    assert (2, 0) == (len(items_of(raw("[1,2]"))), len(items_of(raw("{}"))))
    assert ({"a"}, {}) == (set(members_of(raw('{"a":1}'))), members_of(raw("[1]")))


def test_what_stands_beside_a_member_counts_with_what_nothing_explains():
    given = raw('{"text":"abc","role":"user"}')
    members = members_of(given)
    text = members.pop("text")
    assert len("role") + len('"user"') == size_beside(given, members, ("text", text))
    assert 0 == size_beside(given, members, ("text", text), unread=frozenset({"role"}))
    twice = raw('{"text":"abcdef","text":"abc"}')
    assert len('"text":"abcdef",') <= size_beside(twice, {}, ("text", raw('"abc"')))


def test_sizes_are_bytes():
    assert 4 == size_of(raw('"é"'))
    assert [True, False] == [starts_with(raw('"image/png"'), mark) for mark in (b'"image/', b"{")]
