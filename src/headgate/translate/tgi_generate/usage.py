"""Counts of Text Generation Inference -> disjoint buckets.

`generated_tokens` is what was written. What was read is `input_length` in the last event of a stream, and the length of
`prefill` in a body, for which we ask. Servers that do not keep the prompt's tokens leave that list empty, and models
that encode the prompt apart list only the token that begins their text: then the input is not known, and so the usage
is not.
"""

from headgate.domain.usage import Unit, Usage
from headgate.translate.counting import UnreadableError, figure, put, whole
from headgate.translate.tgi_generate import answer_shapes as shapes


def tgi_usage(details: shapes.Details | None) -> Usage | None:
    """Read the details of an answer: None where the input was not told, or a count cannot be read."""
    if details is None:
        return None
    prefill = len(details.prefill or ())
    told = figure(details.input_length)
    if told is None and prefill > 1:
        told = prefill
    counts = {"input": told, "output": figure(details.generated_tokens)}
    try:
        prompt, output = whole(counts, "input"), whole(counts, "output")
    except UnreadableError:
        return None
    if not prompt:
        return None
    buckets: dict[Unit, int] = {}
    put(buckets, Unit.INPUT, prompt)
    put(buckets, Unit.OUTPUT, output)
    return Usage(buckets)
