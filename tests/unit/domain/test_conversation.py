import msgspec
import pytest

from headgate.domain import conversation
from headgate.domain.conversation import Answer, Conversation, Delta, Message, Part, Role, Text, TextDelta


def test_every_form_is_frozen():
    text = Text(text="x")
    with pytest.raises(AttributeError):
        text.text = "y"


@pytest.mark.parametrize(
    "form",
    [Conversation(messages=(Message(role=Role.USER, parts=(Text(text="x"),)),)), Answer(parts=(Text(text="x"),))],
)
def test_a_form_survives_being_written_down(form: Conversation | Answer):
    assert form == msgspec.json.decode(msgspec.json.encode(form), type=type(form))


@pytest.mark.parametrize("union", [Part, Delta])
def test_the_members_of_a_union_are_told_apart_by_their_tags(union: object):
    tags = [member.__struct_config__.tag for member in union.__args__]
    assert len(set(tags)) == len(tags)


def test_a_delta_survives_being_written_down():
    delta = TextDelta(text="x")
    assert delta == msgspec.json.decode(msgspec.json.encode(delta), type=Delta)


def test_public_forms_are_documented():
    forms = [value for value in vars(conversation).values() if isinstance(value, type)]
    assert all(form.__doc__ for form in forms)
