"""The golden matrix: `<case>.<format>.json` says the same in each format, and translating one gives the other.

Cases that begin with `request_` are request bodies, the others answers. A case in ONE_WAY is translated only from the
named formats: on the way back it would be written in another way that means the same. A case in CANNOT has no word in the
named format, and is refused by name.
"""

import itertools
import json
from pathlib import Path

import msgspec
import pytest

from headgate.domain.formats import Format
from headgate.translate.codec import UntranslatableError
from headgate.translate.registry import codec_for

FOLDER = Path(__file__).parent
OPENAI, ANTHROPIC, RESPONSES = Format.OPENAI_CHAT, Format.ANTHROPIC_MESSAGES, Format.OPENAI_RESPONSES
MODELS = {OPENAI: "gpt-4o", ANTHROPIC: "claude-sonnet-4-5", RESPONSES: "gpt-4o"}
CREATED = 1_767_225_600

ONE_WAY = {
    "request_images": {OPENAI, ANTHROPIC},
    "request_instructions_in_the_middle": {OPENAI},
    "request_knobs": {OPENAI},
    "request_named_tool": {OPENAI, ANTHROPIC},
    "request_parallel_tools": {OPENAI},
    "request_reasoning_effort": {OPENAI},
    "request_signed_thinking": {ANTHROPIC},
    "request_tool_results": {OPENAI, ANTHROPIC},
    "request_tool_showed_an_image": {ANTHROPIC},
    "request_tools": {OPENAI, ANTHROPIC},
    "answer_refusal": {OPENAI},
    "answer_stop_sequence": {ANTHROPIC},
    "answer_two_blocks": {ANTHROPIC},
}
CANNOT = {"request_knobs": RESPONSES, "request_stream": RESPONSES}
"""The Responses format has no stop sequences."""

CASES = sorted({path.name.split(".")[0] for path in FOLDER.glob("*.json")})


def path(case: str, format_: Format) -> Path:
    return FOLDER / f"{case}.{format_}.json"


def translate(case: str, body: bytes, source: Format, target: Format) -> bytes:
    if not case.startswith("request_"):
        return codec_for(target).render_answer(codec_for(source).parse_answer(body), created=CREATED)
    fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    conversation = codec_for(source).parse_request(fields)
    return codec_for(target).render_request(conversation, model=MODELS[target], default_max_tokens=4096)


def test_there_are_cases_and_none_is_half():
    assert len(CASES) >= 15
    assert set(ONE_WAY) <= set(CASES)
    for case in CASES:
        for format_ in MODELS:
            assert path(case, format_).is_file() is (CANNOT.get(case) is not format_)


@pytest.mark.parametrize(("source", "target"), list(itertools.permutations(MODELS, 2)))
@pytest.mark.parametrize("case", CASES)
def test_translating_one_golden_file_gives_the_other(case: str, source: Format, target: Format):
    if CANNOT.get(case) is source:
        return
    given = path(case, source).read_bytes()
    if CANNOT.get(case) is target:
        with pytest.raises(UntranslatableError):
            translate(case, given, source, target)
    elif source in ONE_WAY.get(case, {source}):
        assert json.loads(path(case, target).read_text()) == json.loads(translate(case, given, source, target))
    else:
        # The other way round it must still be sayable.
        assert translate(case, given, source, target)
