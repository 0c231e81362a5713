import json

import msgspec
import pytest

from headgate.pipeline.google_bodies import addressed


def sent(body: object, model: str = "gemini-2.5-flash") -> object:
    raw = json.dumps(body).encode()
    return json.loads(msgspec.json.encode(addressed(msgspec.json.decode(raw, type=dict[str, msgspec.Raw]), model)))


def test_another_name_at_the_top_is_left_out_and_the_same_one_stays():
    assert {"contents": []} == sent({"contents": [], "model": "models/dear"})
    same = {"model": "models/gemini-2.5-flash", "contents": []}
    assert same == sent(same)


def test_the_names_inside_are_replaced():
    batch = {"requests": [{"model": "models/alias", "content": {}}, {"content": {}}]}
    assert {"requests": [{"model": "models/m", "content": {}}, {"content": {}}]} == sent(batch, "m")
    counted = {"generateContentRequest": {"model": "models/alias", "contents": []}}
    assert {"generateContentRequest": {"model": "models/m", "contents": []}} == sent(counted, "m")
    assert {"generate_content_request": {"model": "models/m"}} == sent(
        {"generate_content_request": {"model": "models/alias"}}, "m"
    )


def test_what_says_the_same_keeps_its_bytes():
    raw = b'[ {"model": "models/m",  "content": {"parts": []}} ]'
    assert raw == bytes(addressed({"requests": msgspec.Raw(raw)}, "m")["requests"])


@pytest.mark.parametrize("raw", [b'"x"', b"[1]", b"{}", b"null"])
def test_what_cannot_be_read_is_left_to_the_provider(raw: bytes):
    assert raw == bytes(addressed({"requests": msgspec.Raw(raw)}, "m")["requests"])
