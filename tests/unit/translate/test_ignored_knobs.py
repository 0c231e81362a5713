"""What is left out of a request stands in the documentation."""

from pathlib import Path

import pytest

from headgate.translate.anthropic_messages import request_shapes as anthropic_shapes
from headgate.translate.openai_chat import request_shapes as openai_shapes

PAGE = (Path(__file__).parents[3] / "docs/reference/translation.md").read_text(encoding="utf-8")
FROM_OPENAI, FROM_ANTHROPIC = PAGE.split("### From OpenAI chat")[1].split("### From Anthropic messages")


def listed(section: str) -> str:
    """First cells of the table."""
    return "\n".join(
        line.split("|")[1] for line in section.split("\n## ", maxsplit=1)[0].splitlines() if line.startswith("|")
    )


@pytest.mark.parametrize("name", sorted(openai_shapes.IGNORED))
def test_every_knob_that_is_left_out_from_openai_is_documented(name: str):
    assert f"`{name}`" in listed(FROM_OPENAI)


@pytest.mark.parametrize("name", sorted(anthropic_shapes.IGNORED | anthropic_shapes.IGNORED_OF_TOOLS))
def test_every_knob_that_is_left_out_from_anthropic_is_documented(name: str):
    assert f"`{name}`" in listed(FROM_ANTHROPIC)
