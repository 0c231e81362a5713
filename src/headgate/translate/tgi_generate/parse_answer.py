"""Answer body of Text Generation Inference's generate format -> answer."""

from typing import cast

from headgate.domain.conversation import Answer, Text
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import decode
from headgate.translate.tgi_generate import answer_shapes as shapes
from headgate.translate.tgi_generate.stop_reasons import parse_stop_reason
from headgate.translate.tgi_generate.usage import tgi_usage


def parse_answer(body: bytes) -> Answer:
    """Read a successful body. It names neither itself nor its model.

    Raises:
        UntranslatableError: malformed.
    """
    generation = the_one(decode(body, cast("type[shapes.Body]", shapes.Body), ""))
    text = generation.generated_text
    if text is None:
        raise UntranslatableError("generated_text", "is required")
    details = generation.details
    return Answer(
        parts=(Text(text=text),) if text else (),
        stop_reason=parse_stop_reason(details.finish_reason if details is not None else None),
        usage=tgi_usage(details),
    )


def the_one(body: shapes.Body) -> shapes.Generation:
    """The generation of a body, in a list or not.

    Raises:
        UntranslatableError: the list holds none, or several.
    """
    if isinstance(body, shapes.Generation):
        return body
    if len(body) != 1:
        raise UntranslatableError("body", f"exactly one generation is translated, not {len(body)}")
    return body[0]
