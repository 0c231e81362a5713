"""Reads forms with files: what the simulated provider is uploaded."""

import msgspec
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from headgate.simulator.knobs import Knobs, parse_knobs
from headgate.simulator.refusals import Refusal
from headgate.simulator.served import Asked


class File(msgspec.Struct, frozen=True):
    """One uploaded file."""

    name: str
    content: bytes


class Upload(msgspec.Struct, frozen=True):
    """A form, read."""

    texts: dict[str, str]
    """Of a field that is given several times, the last."""
    files: dict[str, list[File]]
    """By field, without `[]` behind its name."""

    def file(self, field: str) -> File:
        """The one file of a field.

        Raises:
            Refusal: 400, there is none.
        """
        if field not in self.files:
            raise Refusal(400, f"Give '{field}'.", param=field, code="missing_required_parameter")
        return self.files[field][-1]

    def knobs(self) -> Knobs | None:
        """The field `simulate`.

        Raises:
            Refusal: 400, it cannot be read.
        """
        told = self.texts.get("simulate")
        if told is None:
            return None
        try:
            return parse_knobs(told)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refusal(400, f"'simulate' cannot be read: {error}.", param="simulate") from None


def read_upload(asked: Asked) -> Upload:
    """Parse the body of a request.

    Raises:
        Refusal: 400, it is no form.
    """
    kind, options = parse_options_header(asked.headers.get(b"content-type", b"").decode("latin-1"))
    if kind != "multipart/form-data" or not options.get("boundary"):
        raise Refusal(400, "Send multipart/form-data.", code="invalid_content_type")
    texts: dict[str, str] = {}
    files: dict[str, list[File]] = {}
    try:
        parser = PushMultipartParser(options["boundary"])
        segment: MultipartSegment | None = None
        content = bytearray()
        for event in parser.parse(asked.body):
            if isinstance(event, MultipartSegment):
                segment, content = event, bytearray()
            elif event is not None:
                content += event
            elif segment is not None and segment.name is not None:
                if segment.filename is None:
                    texts[segment.name] = content.decode()
                else:
                    file = File(segment.filename, bytes(content))
                    files.setdefault(segment.name.removesuffix("[]"), []).append(file)
        parser.close()
    except (MultipartError, UnicodeDecodeError) as error:
        raise Refusal(400, f"The form cannot be read: {error}.", code="invalid_form") from None
    return Upload(texts, files)
