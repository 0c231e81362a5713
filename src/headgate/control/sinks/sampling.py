"""Which traces are told of: a pure function of the trace's id, the one that LangSmith's own SDKs have.

So a caller whose SDK samples at the same rate and the gateway below it decide alike, and a trace is whole or not there.
"""

from typing import Final

import xxhash

_PARTS: Final = 1_000_000


def is_sampled(trace_id: str, rate: float) -> bool:
    """Whether a trace is among the share that is told of."""
    if rate >= 1:
        return True
    part = xxhash.xxh3_128(trace_id.lower().encode()).intdigest() % _PARTS
    return part / _PARTS < rate
