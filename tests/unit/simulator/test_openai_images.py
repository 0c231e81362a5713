from base64 import b64decode
from typing import Any

import openai
import pytest

from headgate.simulator.openai_images import TOKENS_PER_GIVEN

PNG = b"\x89PNG"


def test_each_image_is_billed_by_its_quality_and_size(openai_client: openai.OpenAI, bill: Any):
    answer = openai_client.images.generate(model="sim/image", prompt="A cat", n=2, size="512x512")
    assert answer.data is not None
    assert [PNG, PNG] == [b64decode(image.b64_json or "")[:4] for image in answer.data]
    assert answer.usage is None
    last = bill.last()
    assert ({"image": 2, "tier": "standard/512x512"}, 2 * 13_000_000) == (last["usage"], last["billed_nano"])


def test_tokens_are_told_where_they_are_billed(openai_client: openai.OpenAI, bill: Any):
    answer = openai_client.images.generate(model="image-tokens", prompt="A cat", quality="low")
    assert answer.usage is not None
    assert (2, 272, 274) == (answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.total_tokens)
    assert {"input": 2, "output": 272} == bill.last()["usage"]


def test_a_stream_shows_partial_images_first(openai_client: openai.OpenAI, bill: Any):
    events = list(
        openai_client.images.generate(
            model="image-tokens", prompt="A cat", quality="low", stream=True, partial_images=2
        )
    )
    assert ["image_generation.partial_image"] * 2 + ["image_generation.completed"] == [event.type for event in events]
    assert {"input": 2, "output": 272 + 200} == bill.last()["usage"]


def test_the_same_question_gets_the_same_picture(http: Any):
    body = {"model": "image", "prompt": "A cat", "size": "256x256"}
    first, second = (http.post("/v1/images/generations", json=body).json()["data"] for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("param", "changes"),
    [("prompt", {"prompt": ""}), ("size", {"size": "1x1"}), ("n", {"n": 0}), ("model", {"model": "small"})],
)
def test_a_request_at_fault_is_refused_and_the_field_named(http: Any, param: str, changes: dict[str, Any]):
    body = {"model": "image", "prompt": "A cat", **changes}
    assert param == http.post("/v1/images/generations", json=body).json()["error"]["param"]


def test_images_that_are_given_count_as_input(openai_client: openai.OpenAI, bill: Any):
    given = [("a.png", b"one"), ("b.png", b"two")]
    answer = openai_client.images.edit(model="image-tokens", image=given, prompt="A cat", quality="low", n=2)
    assert answer.usage is not None
    assert 2 * TOKENS_PER_GIVEN == answer.usage.input_tokens_details.image_tokens
    assert {"input": 2, "input_image": 2 * TOKENS_PER_GIVEN, "output": 544} == bill.last()["usage"]


@pytest.mark.parametrize(
    ("param", "files", "data"),
    [
        ("image", {"other": b"x"}, {"model": "image", "prompt": "x"}),
        ("prompt", {"image": b"x"}, {"model": "image"}),
        ("n", {"image": b"x"}, {"model": "image", "prompt": "x", "n": "0"}),
    ],
)
def test_an_edit_at_fault_is_refused_and_the_field_named(http: Any, param: str, files: Any, data: Any):
    assert param == http.post("/v1/images/edits", files=files, data=data).json()["error"]["param"]
