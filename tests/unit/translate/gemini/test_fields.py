import msgspec
import pytest

from headgate.translate.codec import UntranslatableError
from headgate.translate.gemini.fields import items, read_object
from headgate.translate.gemini.request_shapes import ToolConfig


def raw(text: str) -> msgspec.Raw:
    return msgspec.Raw(text.encode())


@pytest.mark.parametrize(
    ("given", "expected"), [('[{"a":1},2]', 2), ('{"a":1}', 1), (" {}", 1), ("null", 0), ("[]", 0)]
)
def test_a_list_of_one_needs_no_brackets(given: str, expected: int):
    assert expected == len(items(raw(given), "tools"))


def test_what_is_neither_list_nor_object_is_named():
    with pytest.raises(UntranslatableError) as caught:
        items(raw('"x"'), "tools")
    assert "tools" == caught.value.field


def test_an_unknown_member_is_named_with_its_path():
    with pytest.raises(UntranslatableError) as caught:
        read_object(ToolConfig, raw('{"retrieval_config":{}}'), "toolConfig")
    assert "toolConfig.retrievalConfig" == caught.value.field
