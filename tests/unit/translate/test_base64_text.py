import base64

from hypothesis import given
from hypothesis import strategies as st

from headgate.translate.base64_text import standard


@given(st.binary())
def test_either_alphabet_becomes_the_standard_one(sent: bytes):
    expected = base64.b64encode(sent).decode()
    assert expected == standard(expected) == standard(base64.urlsafe_b64encode(sent).decode())
