"""Answer body of Gemini's format -> answer: the fold of what a stream of this one body would say."""

from headgate.domain.conversation import Answer
from headgate.domain.fold import fold
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import decode
from headgate.translate.gemini.answer_shapes import Body
from headgate.translate.gemini.read_answer import AnswerReader


def parse_answer(body: bytes) -> Answer:
    """Read a successful body.

    Raises:
        UntranslatableError: malformed, with content that has no counterpart, or the model failed.
    """
    reader = AnswerReader()
    deltas = reader.read(decode(body, Body, ""))
    if not reader.said_anything:
        raise UntranslatableError("candidates", "exactly one is translated, not 0")
    answer = fold([*deltas, *reader.finish()])
    if answer.failure is not None:
        raise UntranslatableError("candidates[0].finishReason", answer.failure)
    return answer
