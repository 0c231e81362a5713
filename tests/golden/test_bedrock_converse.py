"""The golden matrix on the side of a provider: requests are put into Converse's words, answers out of them."""

import json
from pathlib import Path

import msgspec
import pytest

from headgate.domain.formats import Format
from headgate.translate.codec import UntranslatableError
from headgate.translate.registry import codec_for, provider_codec_for

FOLDER = Path(__file__).parent
BEDROCK, OPENAI, ANTHROPIC = Format.BEDROCK_CONVERSE, Format.OPENAI_CHAT, Format.ANTHROPIC_MESSAGES
MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
CREATED = 1_767_225_600
ONLY_FROM = {
    # OpenAI's format names the schema.
    "request_json_schema": OPENAI,
    # Anthropic's golden file has its own ids.
    "request_parallel_tools": OPENAI,
    # OpenAI's format carries no signatures, and shows no pictures in results.
    "request_signed_thinking": ANTHROPIC,
    "request_tool_showed_an_image": ANTHROPIC,
    # A filter of Bedrock's declines, not the model.
    "answer_refusal": ANTHROPIC,
    "answer_stop_sequence": ANTHROPIC,
    "answer_two_blocks": ANTHROPIC,
}
"""Cases that say the same in one of the other formats only."""
REFUSED = {"request_images": "messages[0].content[1].source: this model takes pictures only inside the body, as base64"}
CASES = sorted({path.name.split(".")[0] for path in FOLDER.glob("*.openai.chat.json")})


def golden(case: str, format_: Format) -> bytes:
    return (FOLDER / f"{case}.{format_}.json").read_bytes()


def render(case: str, source: Format) -> bytes:
    fields = msgspec.json.decode(golden(case, source), type=dict[str, msgspec.Raw])
    conversation = codec_for(source).parse_request(fields)
    return provider_codec_for(BEDROCK).render_request(conversation, model=MODEL, default_max_tokens=4096)


def told(answer: bytes) -> dict[str, object]:
    """An answer without what Converse does not say: its id, its model, how much of its output was reasoning."""
    document = json.loads(answer)
    counts = {name: count for name, count in document["usage"].items() if isinstance(count, int) and count}
    return {name: value for name, value in document.items() if name not in {"id", "model"}} | {"usage": counts}


def test_every_case_is_there_or_refused():
    assert set(CASES) == {path.name.split(".")[0] for path in FOLDER.glob(f"*.{BEDROCK}.json")} | REFUSED.keys()
    assert set(ONLY_FROM) <= set(CASES)


@pytest.mark.parametrize("source", [OPENAI, ANTHROPIC])
@pytest.mark.parametrize("case", [case for case in CASES if case.startswith("request_")])
def test_a_request_is_put_into_converses_words(case: str, source: Format):
    if case in REFUSED:
        with pytest.raises(UntranslatableError) as found:
            render(case, source)
        assert REFUSED[case] == str(found.value)
    elif ONLY_FROM.get(case, source) is source:
        assert json.loads(golden(case, BEDROCK)) == json.loads(render(case, source))
    else:
        assert render(case, source)


@pytest.mark.parametrize("client", [OPENAI, ANTHROPIC])
@pytest.mark.parametrize("case", [case for case in CASES if case.startswith("answer_")])
def test_an_answer_is_put_out_of_converses_words(case: str, client: Format):
    answer = provider_codec_for(BEDROCK).parse_answer(golden(case, BEDROCK))
    rendered = codec_for(client).render_answer(answer, created=CREATED)
    if ONLY_FROM.get(case, client) is client:
        assert told(golden(case, client)) == told(rendered)
    else:
        assert told(rendered)
