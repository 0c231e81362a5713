from typing import Any

import msgspec
import pytest

from headgate.simulator.answer import Call, Choice, Finish, answer, prompt_counts
from headgate.simulator.ask import Ask, Tool
from headgate.simulator.knobs import NO_KNOBS, Knobs
from headgate.simulator.models import MODELS
from headgate.simulator.prices import PRICES, Counts

LOOK_UP = Tool("look_up", {"type": "object", "properties": {"word": {"const": "harbour"}, "exact": {"const": True}}})
ARGUMENTS = '{"word":"harbour","exact":true}'


def ask(model: str = "small", **fields: Any) -> Ask:
    plain = Ask(
        model=MODELS[model],
        model_name=f"sim/{model}",
        seed=4711,
        prompt_tokens=100,
        last_user_text="one two three four",
        user_spoke_last=True,
        knobs=NO_KNOBS,
    )
    return msgspec.structs.replace(plain, **fields)


def only(question: Ask) -> Choice:
    (choice,) = answer(question)
    return choice


def test_echo_repeats_the_last_user_message():
    assert Choice(text="one two three four", finish=Finish.END) == only(ask("echo"))


def test_echo_repeats_itself_up_to_the_length_that_is_asked_for():
    choice = only(ask("echo", knobs=Knobs(output_tokens=6)))
    assert ("one two three fourone tw", 6) == (choice.text, choice.output_tokens)


def test_the_same_question_gets_the_same_answer_and_another_seed_another():
    assert answer(ask()) == answer(ask())
    assert answer(ask()) != answer(ask(seed=4712))


def test_several_choices_differ():
    texts = [choice.text for choice in answer(ask(choices=3))]
    assert 3 == len(set(texts))


@pytest.mark.parametrize("tokens", [0, 1, 5, 2000])
def test_an_answer_has_the_length_that_the_knob_sets(tokens: int):
    choice = only(ask(knobs=Knobs(output_tokens=tokens)))
    assert (tokens, Finish.END) == (choice.output_tokens, choice.finish)


def test_an_answer_never_passes_max_tokens_or_the_models_maximum():
    assert (5, Finish.LENGTH) == (only(ask(max_tokens=5)).output_tokens, only(ask(max_tokens=5)).finish)
    endless = only(ask("echo", knobs=Knobs(output_tokens=1_000_000)))
    assert (4_096, Finish.LENGTH) == (endless.output_tokens, endless.finish)
    greedy = only(ask("echo", max_tokens=1_000_000, knobs=Knobs(output_tokens=1_000_000)))
    assert 4_096 == greedy.output_tokens


def test_an_answer_that_just_fits_is_not_cut():
    choice = only(ask(max_tokens=5, knobs=Knobs(output_tokens=5)))
    assert (5, Finish.END) == (choice.output_tokens, choice.finish)


def test_a_stop_sequence_ends_the_text_before_it():
    choice = only(ask("echo", stop=("four", " three")))
    assert Choice(text="one two", finish=Finish.STOP, stop_sequence=" three") == choice


def test_a_stop_sequence_behind_max_tokens_is_not_reached():
    choice = only(ask("echo", stop=("four",), max_tokens=2))
    assert Choice(text="one two ", finish=Finish.LENGTH) == choice


def test_reasoning_counts_against_max_tokens():
    choice = only(ask("reasoner", reasoning_tokens=30, max_tokens=40, knobs=Knobs(output_tokens=20)))
    assert (30, 10, Finish.LENGTH) == (choice.reasoning_tokens, choice.output_tokens, choice.finish)
    thought = only(ask("reasoner", reasoning_tokens=30, max_tokens=30))
    assert (30, 0, Finish.LENGTH) == (thought.reasoning_tokens, thought.output_tokens, thought.finish)


def test_the_reasoning_knob_sets_the_length_only_where_there_is_reasoning():
    knobs = Knobs(reasoning_tokens=7)
    assert 7 == only(ask("reasoner", reasoning_tokens=30, knobs=knobs)).reasoning_tokens
    assert 0 == only(ask("reasoner", reasoning_tokens=0, knobs=knobs)).reasoning_tokens


def test_a_tool_call_has_arguments_that_fit_its_schema():
    choice = only(ask(tools=(LOOK_UP,), must_call=True))
    assert Choice(calls=(Call("look_up", ARGUMENTS),), finish=Finish.TOOL) == choice
    assert 2 + 8 == choice.output_tokens


@pytest.mark.parametrize(
    ("expected", "max_tokens"),
    [
        ((Call("look_up", ARGUMENTS),), 10),
        ((Call("look_up", ARGUMENTS[:20], whole=False),), 7),
        ((), 2),
        ((), 1),
    ],
)
def test_a_tool_call_is_cut_by_max_tokens(expected: tuple[Call, ...], max_tokens: int):
    choice = only(ask(tools=(LOOK_UP,), must_call=True, max_tokens=max_tokens))
    assert expected == choice.calls
    assert choice.output_tokens <= max_tokens


def test_an_answer_under_a_schema_is_json():
    choice = only(ask(schema={"type": "object", "properties": {"a": {"const": 1}}}))
    assert '{"a":1}' == choice.text


@pytest.mark.parametrize(
    ("expected", "model", "fields"),
    [
        (Counts(input=100), "small", {}),
        (Counts(input=70, cache_read=30), "small", {"knobs": Knobs(cached_tokens=30)}),
        (Counts(cache_read=100), "small", {"knobs": Knobs(cached_tokens=500)}),
        (
            Counts(input=60, cache_read=30, cache_write=10),
            "small",
            {"knobs": Knobs(cached_tokens=30, cache_write_tokens=10)},
        ),
        (Counts(cache_read=30, cache_write=70), "small", {"knobs": Knobs(cached_tokens=30, cache_write_tokens=500)}),
        (Counts(input=20, cache_write=80), "small", {"cache_write_tokens": 80}),
        (
            Counts(input=20, cache_write=50, cache_read=30),
            "small",
            {"cache_write_tokens": 80, "knobs": Knobs(cached_tokens=30)},
        ),
        (Counts(input=20, cache_write=80), "small", {"cache_write_tokens": 80, "cache_write_1h_tokens": 60}),
        (
            Counts(input=20, cache_write=20, cache_write_1h=60),
            "large",
            {"cache_write_tokens": 80, "cache_write_1h_tokens": 60},
        ),
        (
            Counts(input=20, cache_read=70, cache_write=10),
            "large",
            {"cache_write_tokens": 80, "cache_write_1h_tokens": 60, "knobs": Knobs(cached_tokens=70)},
        ),
        (Counts(input=100), "echo", {"cache_write_tokens": 80}),
        (Counts(input=100), "reasoner", {"knobs": Knobs(cache_write_tokens=80)}),
    ],
)
def test_every_prompt_token_is_in_one_bucket(expected: Counts, model: str, fields: dict[str, Any]):
    counts = prompt_counts(ask(model, **fields), PRICES[model])
    assert expected == counts
    assert 100 == counts.prompt


def test_a_model_without_a_cache_price_reads_no_cache():
    assert Counts(input=100) == prompt_counts(ask(knobs=Knobs(cached_tokens=5)), PRICES["embed"])
