"""Ollama's counts -> disjoint buckets.

`eval_count` is what was written, thinking included; `prompt_eval_count` what was read. Older servers leave the latter
out when they had the prompt cached: then the input is not known, and so the usage is not, for a part is not a whole.
"""

from collections.abc import Mapping

from headgate.domain.usage import Unit, Usage
from headgate.translate.counting import UnreadableError, put, whole


def ollama_usage(answer: Mapping[str, object]) -> Usage | None:
    """Read the counts of a body, or of the last line of a stream: None where one of them is missing or unreadable."""
    try:
        prompt, output = whole(answer, "prompt_eval_count"), whole(answer, "eval_count")
    except UnreadableError:
        return None
    if not prompt:
        return None
    buckets: dict[Unit, int] = {}
    put(buckets, Unit.INPUT, prompt)
    put(buckets, Unit.OUTPUT, output)
    return Usage(buckets)
