from headgate.simulator.models import MODELS, Kind, find_model
from headgate.simulator.prices import PRICES


def test_a_model_is_found_with_and_without_the_prefix():
    assert find_model("sim/large") is find_model("large") is MODELS["large"]
    assert "sim/large" == MODELS["large"].id


def test_an_unknown_name_is_no_model():
    assert find_model("sim/huge") is None
    assert find_model("") is None


def test_models_and_prices_are_the_same_list():
    assert set(PRICES) == set(MODELS)


def test_what_writes_nothing_has_no_output():
    silent = {model.name for model in MODELS.values() if not model.max_output}
    assert {"embed", "moderate", "rerank", "image", "speech", "transcribe"} == silent
    assert {"embed"} == {model.name for model in MODELS.values() if model.kind is Kind.EMBEDDING}


def test_one_of_each_kind_counts_something_else_than_tokens():
    counting = [model.kind for model in MODELS.values() if not model.by_token]
    assert [Kind.RERANK, Kind.IMAGE, Kind.SPEECH, Kind.TRANSCRIPTION] == counting
