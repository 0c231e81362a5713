"""The page about compatibility says what is found when everything is tried."""

import sys

from headgate.domain.formats import Format
from headgate.pipeline.doors import SPOKEN, TRANSLATABLE
from tests.docs.tree import ROOT
from tests.kit.compatibility import FEATURES, LEFT_OUT, NOT_SHOWN, PASSES, TRANSLATED, doors, provider_formats, verdict

sys.path.insert(0, str(ROOT / "scripts"))
import list_compatibility


def test_the_tables_are_what_is_found():
    """Where they are not: run scripts/list_compatibility.py."""
    text = list_compatibility.PAGE.read_text(encoding="utf-8")
    assert list_compatibility.rewritten(text) == text


def test_every_door_and_every_format_of_a_provider_has_its_cells():
    text = list_compatibility.PAGE.read_text(encoding="utf-8")
    assert (set(TRANSLATABLE), set(SPOKEN)) == (set(doors()), set(provider_formats()))
    for provider in provider_formats():
        assert text.count(f"| `{provider.value}` |") == len(doors())


def test_a_cell_is_one_of_a_few_words():
    found = {verdict(door, provider, name) for door in doors() for provider in provider_formats() for name in FEATURES}
    plain = {cell for cell in found if not cell.startswith("refused: `")}
    assert {PASSES, TRANSLATED} <= plain <= {PASSES, TRANSLATED, LEFT_OUT, NOT_SHOWN}


def test_what_is_found_can_fail():
    assert PASSES == verdict(Format.OPENAI_CHAT, Format.OPENAI_CHAT, "tools")
    assert "refused: `tools`" == verdict(Format.OPENAI_CHAT, Format.TGI_GENERATE, "tools")
    assert LEFT_OUT == verdict(Format.OPENAI_CHAT, Format.TGI_GENERATE, "thinking")
    assert TRANSLATED == verdict(Format.OPENAI_CHAT, Format.COHERE_CHAT, "thinking")
