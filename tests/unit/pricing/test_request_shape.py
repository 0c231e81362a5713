import msgspec
import pytest

from headgate.pricing.request_shape import RequestShape

TEXT = RequestShape(body_bytes=100)


def test_text_in_and_text_out_is_plain():
    assert TEXT.plain


@pytest.mark.parametrize(
    "changes",
    [
        {"images": 1},
        {"audio": True},
        {"modalities": True},
        {"long_cache": True},
        {"searches": 1},
        {"service_tiers": ("flex",)},
        {"output": False},
    ],
)
def test_whatever_has_a_price_of_its_own_is_not(changes: dict[str, object]):
    assert not msgspec.structs.replace(TEXT, **changes).plain
