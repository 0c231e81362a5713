import hashlib

from headgate.pipeline.doors import CHAT, TRANSCRIPTIONS
from headgate.pipeline.form import Form
from headgate.pipeline.request import received
from tests.kit.fakes import Rig

FORM = Form((), "cd" * 32, {})


class Coming:
    """A form that is there when it is asked for."""

    async def form(self) -> Form:
        return FORM


async def test_a_form_is_read_when_it_is_asked_for():
    request = Rig().request(b"", TRANSCRIPTIONS, incoming=Coming())
    assert request.form is None
    read = await received(request)
    assert (FORM, None, FORM.sha256) == (read.form, read.incoming, read.sha256)


async def test_any_other_request_is_as_it_came():
    request = Rig().request(b"{}", CHAT)
    assert request is await received(request)
    assert hashlib.sha256(b"{}").hexdigest() == request.sha256
