import pytest
from django.core.exceptions import ValidationError

from headgate.control.routes.models import Arm, validate_name


def test_an_arm_is_called_after_its_model_unless_it_has_a_name():
    assert ("gpt-4o", "new", "new") == (
        Arm(model="gpt-4o").title,
        Arm(model="gpt-4o", name="new").title,
        str(Arm(model="gpt-4o", name="new")),
    )


@pytest.mark.parametrize("name", ["a b", "a*", "a\tb"])
def test_what_cannot_be_written_as_a_model_is_refused(name: str):
    with pytest.raises(ValidationError):
        validate_name(name)


def test_a_name_with_a_slash_is_one():
    validate_name("openai/gpt-4o")
