"""Readable English that is the same for the same request: a walk through a fixed grammar, started by a hash."""

import hashlib
from collections.abc import Iterable, Iterator

from headgate.simulator.tokens import CHARACTERS_PER_TOKEN

_SUBJECTS = (
    "The harbour pilot",
    "A careful gardener",
    "The night librarian",
    "An old surveyor",
    "The village baker",
    "A travelling clockmaker",
    "The lighthouse keeper",
    "A patient teacher",
    "The bridge engineer",
    "A quiet astronomer",
    "The orchard owner",
    "A young cartographer",
    "The railway clerk",
)
_VERBS = (
    "checks",
    "describes",
    "compares",
    "repairs",
    "records",
    "measures",
    "explains",
    "remembers",
    "sketches",
    "sorts",
    "studies",
)
_OBJECTS = (
    "the morning tide",
    "a row of brass lamps",
    "the map of the valley",
    "seven sealed letters",
    "the oldest apple tree",
    "a ledger of small debts",
    "the eastern staircase",
    "a box of glass lenses",
    "the weather of last spring",
    "two narrow gates",
    "the sound of the river",
    "a drawer of copper coins",
    "the list of visitors",
    "an unfinished melody",
    "the shape of the hills",
    "a handful of seeds",
    "the rules of the market",
)
_ENDINGS = (
    "before the first train leaves.",
    "without hurry.",
    "and finds nothing missing.",
    "while the kettle sings.",
    "because someone asked politely.",
    "until the light fades.",
    "and writes down the result.",
    "as the wind turns north.",
    "with a borrowed pencil.",
    "although it is raining.",
    "twice, to be certain.",
)
_SENTENCES = len(_SUBJECTS) * len(_VERBS) * len(_OBJECTS) * len(_ENDINGS)
_STRIDE = 5_019
"""No common divisor with the number of sentences: a walk visits all before it repeats one. Chosen for variety."""


def seed_of(parts: Iterable[bytes | memoryview]) -> int:
    """A 64-bit number that stands for these bytes."""
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        digest.update(part)
    return int.from_bytes(digest.digest())


def sentence(number: int) -> str:
    """The sentence with this number; numbers beyond the grammar wrap around."""
    number, subject = divmod(number, len(_SUBJECTS))
    number, verb = divmod(number, len(_VERBS))
    number, thing = divmod(number, len(_OBJECTS))
    return f"{_SUBJECTS[subject]} {_VERBS[verb]} {_OBJECTS[thing]} {_ENDINGS[number % len(_ENDINGS)]}"


def write_sentences(seed: int, at_least_tokens: int) -> str:
    """Whole sentences that have at least so many tokens."""
    return " ".join(_walk(seed, at_least_tokens * CHARACTERS_PER_TOKEN))


def write_exactly(seed: int, tokens: int) -> str:
    """Text of exactly so many tokens; the last sentence may break off."""
    return write_sentences(seed, tokens)[: tokens * CHARACTERS_PER_TOKEN]


def _walk(seed: int, characters: int) -> Iterator[str]:
    number = seed % _SENTENCES
    written = 0
    while written < characters:
        line = sentence(number)
        yield line
        # The joining blank counts too, but the first sentence has none before it.
        written += len(line) + (1 if written else 0)
        number = (number + _STRIDE) % _SENTENCES
