import pytest

from headgate.policy import reasons


def test_a_short_list_is_written_out_and_a_long_one_counted():
    assert "a, b" == reasons.some(["a", "b"])
    assert "0, 1, 2, 3, 4" == reasons.some([str(number) for number in range(5)])
    assert "0, 1, 2, 3, 4 and 7 more" == reasons.some([str(number) for number in range(12)])


@pytest.mark.parametrize(
    ("expected", "amount"),
    [("0.00 USD", 0), ("0.000000001 USD", 1), ("0.10 USD", 100_000_000), ("12.345 USD", 12_345_000_000)],
)
def test_amounts_are_exact_and_have_cents(expected: str, amount: int):
    assert f"It allows {expected}:" in reasons.cost("P", amount, None)


@pytest.mark.parametrize(
    "reason",
    [
        reasons.blocked_model("P", "m"),
        reasons.other_model("P", "m", ["n"]),
        reasons.other_provider("P", "p", ["q"]),
        reasons.task("P", None, ["t"]),
        reasons.task("P", "u", ["t"]),
        reasons.attribution("P", "team"),
        reasons.tokens("P", 10, 5, 6),
        reasons.tokens("P", 10, None, 6),
        reasons.tokens("P", 10, 5, None),
        reasons.cost("P", 10, 11),
        reasons.cost("P", 10, None),
    ],
)
def test_every_reason_names_the_policy_and_then_a_remedy(reason: str):
    sentence, separator, remedy = reason.partition('by policy "P". ')
    assert sentence
    assert separator
    assert remedy.endswith(".")


def test_what_has_no_bound_is_told_how_to_get_one():
    assert "set max_tokens" in reasons.tokens("P", 10, 5, None)
    assert "set max_tokens" in reasons.cost("P", 10, None)
    assert "inside the body" in reasons.tokens("P", 10, None, 5)
