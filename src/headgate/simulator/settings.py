"""Settings of one simulator process."""

import msgspec

from headgate.simulator.bill import DEFAULT_LIMIT
from headgate.simulator.knobs import NO_KNOBS, Knobs


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What `create_app` and `run` are started with."""

    knobs: Knobs = NO_KNOBS
    """Defaults for requests that set none of their own; `POST /_simulator/knobs` replaces them."""
    bill_limit: int = DEFAULT_LIMIT
    """Entries of the bill that are kept, at least 1; older ones give way. About 130 bytes each."""
