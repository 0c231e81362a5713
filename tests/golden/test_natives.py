"""The golden matrix on the side of providers without a door: requests are put into their words, answers out of them."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from headgate.domain.formats import Format
from headgate.translate.codec import UntranslatableError
from headgate.translate.registry import codec_for, provider_codec_for

FOLDER = Path(__file__).parent
OPENAI, ANTHROPIC = Format.OPENAI_CHAT, Format.ANTHROPIC_MESSAGES
CREATED = 1_767_225_600
NO_FILES = "messages[0].content[1].source: this model reads documents only as plain text"
NO_TOOLS = "tools: this model reads one plain text: leave them out"
NO_CHOICE = "tool_choice: this model cannot be made to call a tool: use auto"


class Side(NamedTuple):
    """A provider's format: which models are asked, what it refuses, and what it never answers."""

    model: str
    refused: dict[str, str]
    answers: frozenset[str]
    models: dict[str, str] = {}
    """Cases that need another model."""


PLAIN = frozenset({"answer_text", "answer_length", "answer_stop_sequence"})
SIDES = {
    Format.COHERE_CHAT: Side(
        model="command-a-03-2025",
        refused={
            "request_document": NO_FILES,
            "request_tools": "parallel_tool_calls: this model may call several tools at once: leave it out",
        },
        answers=PLAIN | {"answer_thinking", "answer_tools", "answer_two_blocks"},
        models={
            "request_images": "command-a-vision-07-2025",
            "request_reasoning_effort": "command-a-reasoning-08-2025",
            "request_signed_thinking": "command-a-reasoning-08-2025",
        },
    ),
    Format.OLLAMA_CHAT: Side(
        model="qwen3:4b",
        refused={
            "request_document": NO_FILES,
            "request_images": "messages[0].content[1].source: "
            "this model takes pictures only inside the body, as base64",
            "request_named_tool": NO_CHOICE,
            "request_tools": NO_CHOICE,
        },
        answers=PLAIN | {"answer_thinking", "answer_tools"},
    ),
    Format.TGI_GENERATE: Side(
        model="served",
        refused={
            "request_document": NO_FILES,
            "request_images": "messages[0].content[1]: this model reads one plain text: "
            "it takes no pictures and no tools",
            "request_named_tool": NO_TOOLS,
            "request_parallel_tools": NO_TOOLS,
            "request_signed_thinking": NO_TOOLS,
            "request_tool_results": NO_TOOLS,
            "request_tool_showed_an_image": NO_TOOLS,
            "request_tools": NO_TOOLS,
        },
        answers=PLAIN,
    ),
}
ONLY_OPENAI = {
    # Anthropic's format knows no instructions in the middle, hotter than 1, or heat beside thinking, and has ids of its own.
    "request_instructions_in_the_middle",
    "request_knobs",
    "request_parallel_tools",
    "request_reasoning_effort",
    # Its golden file asks for thinking, which OpenAI's does not.
    "request_signed_thinking",
    # OpenAI's format shows no pictures in results: there the user shows them.
    "request_tool_showed_an_image",
}
"""Requests whose golden files are what is made of OpenAI's; made of Anthropic's they may differ."""
NOT_SAID = {"id", "model"}
REQUESTS = sorted({path.name.split(".")[0] for path in FOLDER.glob("request_*.openai.chat.json")})
ASKED = [(format_, case) for format_ in SIDES for case in REQUESTS]
ANSWERED = [(format_, case) for format_, side in SIDES.items() for case in sorted(side.answers)]


def golden(case: str, format_: Format) -> bytes:
    return (FOLDER / f"{case}.{format_}.json").read_bytes()


def render(case: str, source: Format, provider: Format) -> bytes:
    side = SIDES[provider]
    fields = msgspec.json.decode(golden(case, source), type=dict[str, msgspec.Raw])
    conversation, model = codec_for(source).parse_request(fields), side.models.get(case, side.model)
    return provider_codec_for(provider).render_request(conversation, model=model, default_max_tokens=4096)


def told(answer: bytes) -> dict[str, Any]:
    """A chat completion without what not all of these formats say: id, model, signatures, what a cache gave."""
    document = json.loads(answer)
    (choice,) = document["choices"]
    choice["message"].pop("reasoning_details", None)
    usage = document.pop("usage")
    counts = {name: usage[name] for name in ("prompt_tokens", "completion_tokens", "total_tokens")}
    return {name: value for name, value in document.items() if name not in NOT_SAID} | counts


@pytest.mark.parametrize("provider", SIDES)
def test_every_case_is_there_or_refused(provider: Format):
    side = SIDES[provider]
    files = {path.name.split(".")[0] for path in FOLDER.glob(f"*.{provider}.json")}
    assert set(REQUESTS) - side.refused.keys() == {case for case in files if case.startswith("request_")}
    assert side.answers == {case for case in files if case.startswith("answer_")}


@pytest.mark.parametrize("source", [OPENAI, ANTHROPIC])
@pytest.mark.parametrize(("provider", "case"), ASKED)
def test_a_request_is_put_into_the_providers_words(provider: Format, case: str, source: Format):
    refusal = SIDES[provider].refused.get(case)
    if refusal is not None:
        with pytest.raises(UntranslatableError) as found:
            render(case, source, provider)
        assert refusal == str(found.value)
    elif source is OPENAI or case not in ONLY_OPENAI:
        assert json.loads(golden(case, provider)) == json.loads(render(case, source, provider))
    else:
        assert render(case, source, provider)


@pytest.mark.parametrize(("provider", "case"), ANSWERED)
def test_an_answer_is_put_out_of_the_providers_words(provider: Format, case: str):
    answer = provider_codec_for(provider).parse_answer(golden(case, provider))
    assert told(golden(case, OPENAI)) == told(codec_for(OPENAI).render_answer(answer, created=CREATED))


def test_reasoning_is_counted_where_the_provider_says_how_much_of_it_there_was():
    answer = provider_codec_for(Format.COHERE_CHAT).parse_answer(golden("answer_thinking", Format.COHERE_CHAT))
    shown = json.loads(codec_for(OPENAI).render_answer(answer, created=CREATED))
    assert 40 == shown["usage"]["completion_tokens_details"]["reasoning_tokens"]
