from typing import Any

import anthropic
import openai
import pytest

from headgate.simulator.listing import render_model
from headgate.simulator.refusals import Refusal


def test_openai_lists_every_model(openai_client: openai.OpenAI, bill: Any):
    models = list(openai_client.models.list())
    assert ["sim/echo", "sim/small", "sim/large", "sim/reasoner", "sim/open", "sim/embed"] == [
        model.id for model in models[:6]
    ]
    assert {"sim/moderate", "sim/rerank", "sim/image", "sim/speech", "sim/transcribe"} <= {model.id for model in models}
    assert {("model", "headgate-simulator")} == {(model.object, model.owned_by) for model in models}
    assert [] == bill.entries()


def test_anthropic_lists_the_models_that_chat_newest_first(anthropic_client: anthropic.Anthropic):
    models = list(anthropic_client.models.list())
    assert ["sim/open", "sim/reasoner", "sim/large", "sim/small", "sim/echo"] == [model.id for model in models]
    assert (2026, "Reasoner") == (models[1].created_at.year, models[1].display_name)


def test_one_model_is_looked_up_under_either_name(openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic):
    assert "sim/small" == openai_client.models.retrieve("small").id
    assert "sim/small" == openai_client.models.retrieve("sim/small").id
    assert "sim/small" == anthropic_client.models.retrieve("small").id


def test_a_model_that_is_not_there_is_not_found(openai_client: openai.OpenAI):
    with pytest.raises(openai.NotFoundError):
        openai_client.models.retrieve("huge")
    with pytest.raises(Refusal):
        render_model("embed", for_anthropic=True)
