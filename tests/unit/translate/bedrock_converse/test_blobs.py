import pytest

from headgate.translate.bedrock_converse.blobs import parse_blob, render_blob


def test_what_anthropic_hides_is_the_same_text_on_both_sides():
    assert "EuAECkgIBxAB" == parse_blob("RXVBRUNrZ0lCeEFC")
    assert "RXVBRUNrZ0lCeEFC" == render_blob("EuAECkgIBxAB")


@pytest.mark.parametrize("blob", ["/////w==", "not base64", ""])
def test_every_blob_comes_back_as_it_was(blob: str):
    assert blob == render_blob(parse_blob(blob))
