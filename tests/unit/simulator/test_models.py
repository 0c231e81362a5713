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


def test_only_the_model_for_embeddings_has_no_output():
    assert {"embed"} == {model.name for model in MODELS.values() if not model.max_output}
    assert {"embed"} == {model.name for model in MODELS.values() if model.kind is Kind.EMBEDDING}
