import pytest

from headgate.simulator.forms import File, Upload, read_upload
from headgate.simulator.knobs import NO_KNOBS, Knobs
from headgate.simulator.refusals import Refusal
from headgate.simulator.served import Asked

FORM = (
    b'--e\r\nContent-Disposition: form-data; name="image[]"; filename="a.png"\r\n\r\n1\r\n'
    b'--e\r\nContent-Disposition: form-data; name="image[]"; filename="b.png"\r\n\r\n2\r\n'
    b'--e\r\nContent-Disposition: form-data; name="simulate"\r\n\r\n{"no_usage":true}\r\n--e--\r\n'
)


def read(body: bytes = FORM, content_type: bytes = b"multipart/form-data; boundary=e") -> Upload:
    return read_upload(Asked("/v1/images/edits", body, {b"content-type": content_type}, NO_KNOBS, "00", 1))


def test_a_form_has_texts_and_files():
    upload = read()
    assert [File("a.png", b"1"), File("b.png", b"2")] == upload.files["image"]
    assert File("b.png", b"2") == upload.file("image")
    assert Knobs(no_usage=True) == upload.knobs()


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(Refusal) as caught:
        read().file("mask")
    assert "mask" == caught.value.param


@pytest.mark.parametrize(
    ("body", "content_type"), [(FORM[:-9], b"multipart/form-data; boundary=e"), (FORM, b"text/plain")]
)
def test_what_is_no_form_is_refused(body: bytes, content_type: bytes):
    with pytest.raises(Refusal) as caught:
        read(body, content_type)
    assert 400 == caught.value.status


def test_knobs_that_cannot_be_read_are_refused():
    with pytest.raises(Refusal) as caught:
        read(FORM.replace(b"no_usage", b"no_such")).knobs()
    assert "simulate" == caught.value.param
