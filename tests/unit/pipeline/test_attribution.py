import json

import msgspec
import pytest

from headgate.domain.errors import BadRequest
from headgate.domain.formats import Format
from headgate.domain.principal import Attribution
from headgate.pipeline.attribution import MAX_LABEL_CHARS, asked_in_body, merged

CHAT, MESSAGES = Format.OPENAI_CHAT, Format.ANTHROPIC_MESSAGES


def fields(**document) -> dict[str, msgspec.Raw]:
    return {name: msgspec.Raw(json.dumps(value).encode()) for name, value in document.items()}


def test_an_openai_body_names_its_user_and_everybody_else_in_metadata():
    body = fields(user="anna", metadata={"team": "core", "project": "x", "other": "y", "task": "t"})
    assert {"user": "anna", "team": "core", "project": "x", "task": "t"} == asked_in_body(CHAT, body)


def test_the_user_field_stands_above_the_newer_name_and_metadata():
    assert "a" == asked_in_body(CHAT, fields(user="a", safety_identifier="b", metadata={"user": "c"}))["user"]
    assert "b" == asked_in_body(CHAT, fields(safety_identifier="b", metadata={"user": "c"}))["user"]
    assert "c" == asked_in_body(CHAT, fields(metadata={"user": "c"}))["user"]


def test_an_anthropic_body_names_a_user_only():
    body = fields(metadata={"user_id": "anna", "team": "core"}, user="ben")
    assert {"user": "anna"} == asked_in_body(MESSAGES, body)


@pytest.mark.parametrize("metadata", [None, [], "text", {"team": 7}, {"team": None}, {"team": ""}])
def test_what_is_no_text_is_the_providers_to_judge(metadata):
    assert {} == asked_in_body(CHAT, fields(metadata=metadata))


def test_a_label_that_is_too_long_is_named():
    assert asked_in_body(CHAT, fields(user="u" * MAX_LABEL_CHARS))
    for body, param in ((fields(user="u" * 201), "user"), (fields(metadata={"team": "t" * 201}), "metadata.team")):
        with pytest.raises(BadRequest) as refusal:
            asked_in_body(CHAT, body)
        assert ("label_too_long", param) == (refusal.value.code, refusal.value.param)


def test_headers_stand_above_the_body():
    asked = Attribution(user="of the header", task="t")
    assert Attribution(user="of the header", task="t", team="core") == merged(asked, {"user": "x", "team": "core"})
    assert asked is merged(asked, {"user": "x"})


def test_a_gemini_body_says_it_in_its_labels():
    body = fields(labels={"user": "anna", "team": "core", "other": "y"}, contents=[])
    assert {"user": "anna", "team": "core"} == asked_in_body(Format.GEMINI, body)
    assert {} == asked_in_body(CHAT, body)
    with pytest.raises(BadRequest) as refusal:
        asked_in_body(Format.GEMINI, fields(labels={"team": "x" * (MAX_LABEL_CHARS + 1)}))
    assert "labels.team" == refusal.value.param
