import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.simulator.tokens import count_raw_tokens, count_tokens, cut_to_tokens, split_into_chunks


@pytest.mark.parametrize(("expected", "text"), [(0, ""), (1, "a"), (1, "abcd"), (2, "abcde"), (1, "日本語訳")])
def test_four_characters_are_a_token(expected: int, text: str):
    assert expected == count_tokens(text)


@given(st.text())
def test_a_text_never_has_more_tokens_than_bytes(text: str):
    assert count_tokens(text) <= len(text.encode("utf-8", "surrogatepass"))


@given(st.text(), st.integers(min_value=1, max_value=9))
def test_chunks_join_to_the_text_and_have_its_tokens(text: str, size: int):
    chunks = split_into_chunks(text, size)
    assert text == "".join(chunks)
    assert count_tokens(text) == sum(map(count_tokens, chunks))
    assert all(count_tokens(chunk) <= size for chunk in chunks)


@given(st.text(), st.integers(min_value=-3, max_value=9))
def test_a_cut_text_has_at_most_so_many_tokens(text: str, tokens: int):
    cut = cut_to_tokens(text, tokens)
    assert text.startswith(cut)
    assert min(max(tokens, 0), count_tokens(text)) == count_tokens(cut)


def test_parts_that_are_not_text_count_by_their_bytes():
    assert (0, 1, 2) == (count_raw_tokens(b""), count_raw_tokens(b"{}"), count_raw_tokens(memoryview(b'{"a"}')))
