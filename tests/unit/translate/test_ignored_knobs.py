"""What is left out of a request stands in the documentation."""

from pathlib import Path

import pytest

from headgate.translate.anthropic_messages import request_shapes as anthropic_shapes
from headgate.translate.gemini import request_shapes as gemini_shapes
from headgate.translate.openai_chat import request_shapes as openai_shapes
from headgate.translate.openai_responses import request_shapes as responses_shapes

FOLDER = Path(__file__).parents[3] / "docs/reference"
PAGE = "".join((FOLDER / name).read_text(encoding="utf-8") for name in ("translation.md", "gemini.md"))
LEFT_OUT = {
    "From OpenAI chat": openai_shapes.IGNORED,
    "From Anthropic messages": anthropic_shapes.IGNORED | anthropic_shapes.IGNORED_OF_TOOLS,
    "From OpenAI responses": responses_shapes.IGNORED,
    "From Gemini": gemini_shapes.IGNORED
    | gemini_shapes.IGNORED_IN_CONFIG
    | gemini_shapes.IGNORED_IN_TOOL_CONFIG
    | gemini_shapes.IGNORED_OF_PARTS
    | gemini_shapes.IGNORED_OF_TOOLS
    | gemini_shapes.IGNORED_OF_RESULTS,
}
"""Title of a section -> the fields that its table must name."""


def listed(title: str) -> str:
    """First cells of the section's table."""
    section = PAGE.split(f"### {title}\n")[1].split("\n#", maxsplit=1)[0]
    return "\n".join(line.split("|")[1] for line in section.splitlines() if line.startswith("|"))


@pytest.mark.parametrize(("title", "name"), [(title, name) for title in LEFT_OUT for name in sorted(LEFT_OUT[title])])
def test_every_knob_that_is_left_out_is_documented(title: str, name: str):
    assert f"`{name}`" in listed(title)
