"""The golden matrix on Gemini's side: `<case>.gemini.generate_content.json` says what the other two files say.

Model and streaming stand in the path here, so that no golden file has them.
"""

import json
from pathlib import Path

import msgspec
import pytest

from headgate.domain.formats import Format
from headgate.translate.codec import UntranslatableError
from headgate.translate.registry import codec_for

FOLDER = Path(__file__).parent
OPENAI, ANTHROPIC, GEMINI = Format.OPENAI_CHAT, Format.ANTHROPIC_MESSAGES, Format.GEMINI
MODELS = {OPENAI: "gpt-4o", ANTHROPIC: "claude-sonnet-4-5", GEMINI: "gemini-2.5-flash"}
CREATED = 1_767_225_600
CASES = sorted({path.name.split(".")[0] for path in FOLDER.glob("*.openai.chat.json")})

REFUSED = {"request_tools": "parallel_tool_calls: this model may call several tools at once: leave it out"}
ONLY_FROM = {
    # The neighbours' own limits: heat up to 1, ids of certain letters, heat or thinking.
    "request_knobs": {OPENAI},
    "request_parallel_tools": {OPENAI},
    "request_reasoning_effort": {OPENAI},
    # Thinking is asked for in Anthropic's file alone.
    "request_signed_thinking": {OPENAI},
    # OpenAI's format joins what Anthropic's keeps apart.
    "answer_two_blocks": {ANTHROPIC},
}
"""Case -> whose file gives Gemini's file; both do, unless it is here."""
COMES_BACK_OTHERWISE = {
    # Gemini's answers do not tell a refusal from a filter, nor which stop sequence it was.
    "answer_refusal": {OPENAI},
    "answer_stop_sequence": {ANTHROPIC},
    "answer_two_blocks": {OPENAI, ANTHROPIC},
    # Cache writes have no figure, and users no name.
    "answer_thinking": {OPENAI, ANTHROPIC},
    "request_stream": {OPENAI, ANTHROPIC},
    # Files have no names.
    "request_document": {OPENAI, ANTHROPIC},
    # Instructions stand before the conversation, and neighbours of one role are one turn.
    "request_instructions_in_the_middle": {OPENAI},
    # Its only tool must be called: whether by name makes no difference.
    "request_named_tool": {OPENAI, ANTHROPIC},
    # There is no seed; Anthropic's format takes no more heat than 1, and no such ids.
    "request_knobs": {OPENAI},
    "request_parallel_tools": {OPENAI},
    # An effort is a budget by now.
    "request_reasoning_effort": {OPENAI},
    "request_signed_thinking": {ANTHROPIC},
    # OpenAI's format shows no pictures in results: there the user shows them.
    "request_tool_showed_an_image": {ANTHROPIC},
}
"""Case -> whose file is written in another way that means the same."""


def path(case: str, format_: Format) -> Path:
    return FOLDER / f"{case}.{format_}.json"


def translate(case: str, source: Format, target: Format) -> dict:
    body = path(case, source).read_bytes()
    if not case.startswith("request_"):
        return json.loads(codec_for(target).render_answer(codec_for(source).parse_answer(body), created=CREATED))
    conversation = codec_for(source).parse_request(msgspec.json.decode(body, type=dict[str, msgspec.Raw]))
    if source is GEMINI and json.loads(path(case, target).read_text()).get("stream"):
        conversation = msgspec.structs.replace(conversation, stream=True)
    return json.loads(codec_for(target).render_request(conversation, model=MODELS[target], default_max_tokens=4096))


def test_every_case_has_a_file_or_a_refusal():
    assert set(CASES) == {path.name.split(".")[0] for path in FOLDER.glob("*.gemini.*.json")} | set(REFUSED)
    assert set(ONLY_FROM) | set(COMES_BACK_OTHERWISE) | set(REFUSED) <= set(CASES)


@pytest.mark.parametrize("source", [OPENAI, ANTHROPIC])
@pytest.mark.parametrize("case", CASES)
def test_each_neighbours_file_gives_geminis(case: str, source: Format):
    if case in REFUSED:
        with pytest.raises(UntranslatableError) as caught:
            translate(case, source, GEMINI)
        assert REFUSED[case] == str(caught.value)
        return
    made = translate(case, source, GEMINI)
    if source in ONLY_FROM.get(case, {OPENAI, ANTHROPIC}):
        assert json.loads(path(case, GEMINI).read_text()) == made


@pytest.mark.parametrize("target", [OPENAI, ANTHROPIC])
@pytest.mark.parametrize("case", [case for case in CASES if case not in REFUSED])
def test_geminis_file_gives_each_neighbours(case: str, target: Format):
    made = translate(case, GEMINI, target)
    same = json.loads(path(case, target).read_text()) == made
    assert same is (target not in COMES_BACK_OTHERWISE.get(case, set()))
