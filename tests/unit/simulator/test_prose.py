import pytest

from headgate.simulator import prose
from headgate.simulator.tokens import count_tokens


def test_the_same_seed_writes_the_same_text():
    assert prose.write_sentences(7, 60) == prose.write_sentences(7, 60)
    assert prose.write_sentences(7, 60) != prose.write_sentences(8, 60)


@pytest.mark.parametrize("tokens", [1, 2, 30, 31, 500])
def test_sentences_are_whole_and_no_more_than_needed(tokens: int):
    text = prose.write_sentences(11, tokens)
    assert text.endswith(".")
    assert count_tokens(text) >= tokens
    *before, _ = text.split(". ")
    assert count_tokens(". ".join(before)) < tokens


@pytest.mark.parametrize("tokens", [0, 1, 7, 1000])
def test_an_exact_length_is_exact(tokens: int):
    assert tokens == count_tokens(prose.write_exactly(3, tokens))


def test_a_walk_visits_every_sentence_before_it_repeats_one():
    text = prose.write_sentences(0, 500_000)
    sentences = [f"{sentence}." for sentence in text.removesuffix(".").split(". ")]
    assert prose._SENTENCES == len(set(sentences[: prose._SENTENCES]))


def test_a_seed_stands_for_all_bytes_in_their_order():
    assert prose.seed_of((b"ab", b"c")) == prose.seed_of((b"a", b"bc"))
    assert prose.seed_of((b"ab",)) != prose.seed_of((b"ba",))
    assert 0 <= prose.seed_of(()) < 2**64
