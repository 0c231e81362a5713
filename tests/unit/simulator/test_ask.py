from typing import Any

import msgspec
import pytest

from headgate.simulator.ask import Ask, Tool, choose_tools
from headgate.simulator.knobs import NO_KNOBS
from headgate.simulator.models import MODELS

WEATHER = Tool("get_weather", {"type": "object"})
TIME = Tool("get_time", {"type": "object"})
NEWS = Tool("get_news", {"type": "object"})


def ask(text: str = "Use the tool.", **fields: Any) -> Ask:
    plain = Ask(
        model=MODELS["small"],
        model_name="sim/small",
        seed=1,
        prompt_tokens=10,
        last_user_text=text,
        user_spoke_last=True,
        tools=(WEATHER, TIME, NEWS),
        knobs=NO_KNOBS,
    )
    return msgspec.structs.replace(plain, **fields)


@pytest.mark.parametrize(
    ("expected", "question"),
    [
        ((), ask("What is the weather?")),
        ((WEATHER, TIME), ask("Please USE THE TOOLS now")),
        ((WEATHER,), ask(parallel=False)),
        ((NEWS,), ask("use the tool get_news")),
        ((), ask(tools=())),
        ((), ask(user_spoke_last=False)),
        ((), ask(may_call=False)),
        ((WEATHER, TIME), ask("Hello", must_call=True)),
        ((WEATHER, TIME), ask("Hello", must_call=True, user_spoke_last=False)),
        ((TIME,), ask("Hello", forced_tool="get_time")),
    ],
)
def test_tools_are_called_when_forced_or_asked_for(expected: tuple[Tool, ...], question: Ask):
    assert expected == choose_tools(question)
