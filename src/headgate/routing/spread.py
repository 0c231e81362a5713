"""Shares: by chance, and by what an asker is called."""

import math
from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

_HASHES = float(2**64)


def drawn(items: Sequence[T], weights: Sequence[int], pick: float) -> tuple[list[T], float]:
    """Draw all items, one after the other and each in proportion to its weight among those that are left.

    Args:
        items: what is drawn.
        weights: of each, at least 1.
        pick: chance, from 0 up to 1, which is excluded.

    Returns:
        (the items in the order in which they were drawn, what is left of the chance: uniform again). Where a number
        falls into its share is independent of which share it fell into, so that one number is enough.
    """
    left = list(zip(items, weights, strict=True))
    order: list[T] = []
    while len(left) > 1:
        mark = pick * sum(weight for _, weight in left)
        index = 0
        while index < len(left) - 1 and mark >= left[index][1]:
            mark -= left[index][1]
            index += 1
        item, weight = left.pop(index)
        order.append(item)
        pick = min(max(mark / weight, 0.0), math.nextafter(1.0, 0.0))
    order.extend(item for item, _ in left)
    return order, pick


def assigned(salt: str, names: Sequence[str], weights: Sequence[int], asker: str) -> int:
    """Which of the names an asker belongs to: always the same one, and each in proportion to its weight.

    By rendezvous hashing: every name has a score for every asker, the highest wins, and a name's score depends on no
    other name. So a name that is added only wins askers, one that goes only gives its own away, a weight that grows
    only wins some and one that shrinks only loses some; all others stay where they are.
    """
    best, index = -math.inf, 0
    for position, (name, weight) in enumerate(zip(names, weights, strict=True)):
        digest = blake2b(f"{salt}\0{name}\0{asker}".encode(), digest_size=8).digest()
        uniform = (int.from_bytes(digest) + 0.5) / _HASHES
        score = math.inf if uniform >= 1.0 else -weight / math.log(uniform)
        if score > best:
            best, index = score, position
    return index
