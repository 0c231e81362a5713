import msgspec
import pytest

from headgate.simulator.knobs import ERROR_STATUSES
from headgate.simulator.refusals import Refusal, injected_refusal, render_anthropic_error, render_openai_error


def test_openai_wraps_message_type_param_and_code():
    refusal = Refusal(404, "No such model.", param="model", code="model_not_found")
    expected = {
        "error": {
            "message": "No such model.",
            "type": "invalid_request_error",
            "param": "model",
            "code": "model_not_found",
        }
    }
    assert expected == msgspec.json.decode(render_openai_error(refusal))


def test_anthropic_wraps_type_and_message_with_the_request_id():
    expected = {
        "type": "error",
        "error": {"type": "not_found_error", "message": "No such model."},
        "request_id": "req_1",
    }
    assert expected == msgspec.json.decode(render_anthropic_error(Refusal(404, "No such model."), "req_1"))
    assert "request_id" not in msgspec.json.decode(render_anthropic_error(Refusal(404, "x"), None))


@pytest.mark.parametrize(
    ("status", "for_openai", "for_anthropic"),
    [
        (401, "invalid_request_error", "authentication_error"),
        (403, "permission_error", "permission_error"),
        (413, "invalid_request_error", "request_too_large"),
        (429, "rate_limit_error", "rate_limit_error"),
        (500, "server_error", "api_error"),
        (529, "server_error", "overloaded_error"),
    ],
)
def test_a_status_has_its_type_in_each_format(status: int, for_openai: str, for_anthropic: str):
    refusal = injected_refusal(status, None)
    assert for_openai == msgspec.json.decode(render_openai_error(refusal))["error"]["type"]
    assert for_anthropic == msgspec.json.decode(render_anthropic_error(refusal, None))["error"]["type"]


@pytest.mark.parametrize("status", ERROR_STATUSES)
def test_every_status_of_the_knob_can_be_injected(status: int):
    assert status == injected_refusal(status, None).status


def test_a_rate_limit_says_when_to_come_back():
    assert 1 == injected_refusal(429, None).retry_after
    assert 7 == injected_refusal(429, 7).retry_after
    assert injected_refusal(500, None).retry_after is None
