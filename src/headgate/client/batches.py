"""Several questions at once."""

from collections.abc import Sequence
from typing import Final

from headgate.client.errors import BatchFailed, HeadgateError
from headgate.client.results import Generation

CONCURRENCY: Final = 8
"""Questions that are asked at once unless the caller says otherwise."""


def settled(results: Sequence[Generation | HeadgateError]) -> list[Generation]:
    """Give the answers, when all are there.

    Raises:
        BatchFailed: some are errors.
    """
    answers = [each for each in results if isinstance(each, Generation)]
    if len(answers) < len(results):
        raise BatchFailed(results)
    return answers
