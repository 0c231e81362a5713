import msgspec

from headgate.domain.formats import Format
from headgate.pricing.request_shape import RequestShape
from headgate.pricing.shape import shape_of
from headgate.providers.table import provider


def shape(form: Format, body: bytes) -> RequestShape:
    return shape_of(form, msgspec.json.decode(body, type=dict[str, msgspec.Raw]), body, provider("sim"))


def test_embeddings_have_no_output():
    assert RequestShape(body_bytes=24, output=False) == shape(Format.OPENAI_EMBEDDINGS, b'{"input":"hello, world"}')


def test_messages_have():
    body = b'{"messages":[{"role":"user","content":"hello"}],"max_tokens":9}'
    expected = RequestShape(body_bytes=len(body), max_output_tokens=9)
    assert expected == shape(Format.OPENAI_CHAT, body)
